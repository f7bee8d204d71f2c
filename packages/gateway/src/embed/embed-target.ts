import type { EmbeddingModelV4 } from '@ai-sdk/provider'
import { MeepoError } from '@meepo/core'

import type { Provider } from '../provider.ts'
import { createTarget, type Target } from '../target.ts'

/** A model that makes vectors of texts. */
export interface EmbedTarget {
  readonly target: Target
  /** Rejects before anything is sent. */
  readonly load: () => Promise<EmbeddingModelV4>
}

/** The embedding model of a provider; `model.not_found` at the first call when the provider has none. */
export function createEmbedTarget(provider: Provider, model: string): EmbedTarget {
  const target = createTarget(provider, model, provider.credentials[0])
  let loaded: EmbeddingModelV4 | undefined
  return {
    target,
    async load() {
      loaded ??= (await provider.open()).embedding?.(model)
      if (loaded) return loaded
      throw new MeepoError('model.not_found', `${provider.name} has no embeddings`, { notSent: true })
    },
  }
}
