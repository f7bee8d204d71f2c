import type { LanguageModelV4 } from '@ai-sdk/provider'

import type { ProviderKind } from './options.ts'

/** One model of one provider: what a name resolves to. */
export interface Target {
  /** `provider:model`. */
  readonly id: string
  readonly provider: string
  readonly kind: ProviderKind
  readonly model: string
  /** The provider's adapter for this model, loaded at the first call. Rejects before anything is sent. */
  readonly load: () => Promise<LanguageModelV4>
  /** The provider's key, to keep it out of messages. */
  readonly secret: () => string | undefined
}
