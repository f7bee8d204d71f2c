import type { Experimental_BatchV4 } from '@ai-sdk/provider'
import { MeepoError } from '@meepo/core'

import type { Provider } from '../provider.ts'
import { createTarget, type Target } from '../target.ts'

/** The batch API of a provider's adapter. */
type BatchDoor = Experimental_BatchV4<{ readonly text: string }>

/** A model whose calls can be put off. */
export interface BatchTarget {
  readonly target: Target
  /** Rejects before anything is sent. */
  readonly load: () => Promise<BatchDoor>
}

/** Whether providers of this kind have a batch API at all. */
export function hasBatches({ kind }: Provider): boolean {
  return kind !== 'openai-compatible'
}

/** A model behind the batch API of its provider; `model.not_found` at the first call when there is none. */
export function createBatchTarget(provider: Provider, model: string): BatchTarget {
  let door: BatchDoor | undefined
  return {
    target: createTarget(provider, model, provider.credentials[0]),
    async load() {
      door ??= (await provider.open()).batch?.()
      if (door) return door
      throw new MeepoError('model.not_found', `${provider.name} has no batch API`, { notSent: true })
    },
  }
}
