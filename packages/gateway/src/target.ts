import { hash } from 'node:crypto'

import type { LanguageModelV4 } from '@ai-sdk/provider'

import type { HealthKeys } from './health/health-keeper.ts'
import type { ProviderKind } from './options.ts'
import type { Credential, Provider } from './provider.ts'

/** One model of one provider, by one of its keys: where a call can go. */
export interface Target {
  /** `provider:model`. */
  readonly id: string
  readonly provider: string
  readonly kind: ProviderKind
  readonly model: string
  /** The label of the key. */
  readonly key: string
  readonly region: string | undefined
  /** Under which provider the price book knows it. */
  readonly pricedAs: string
  /** The provider's adapter for this model, loaded at the first call. Rejects before anything is sent. */
  readonly load: () => Promise<LanguageModelV4>
  /** The provider's key, to keep it out of messages. */
  readonly secret: () => string | undefined
  /** Its rows on the health board. Another secret under the same label has others: it was not refused yet. */
  readonly healthKeys: () => HealthKeys
}

/** A model of a provider, by one key. */
export function createTarget(provider: Provider, model: string, { label, load, secret }: Credential): Target {
  const { name, kind, region, pricedAs } = provider
  // The adapter's object for a model is kept: making it anew for every call is the largest avoidable cost.
  let loading: Promise<LanguageModelV4> | undefined
  let keys: { readonly secret: string | undefined; readonly keys: HealthKeys } | undefined
  return {
    id: `${name}:${model}`,
    provider: name,
    kind,
    model,
    key: label,
    region,
    pricedAs,
    secret,
    load() {
      loading ??= load(model).catch((error: unknown) => {
        loading = undefined
        throw error
      })
      return loading
    },
    healthKeys() {
      const now = secret()
      if (!keys || keys.secret !== now) {
        const credential = `${name}/${label}${now === undefined ? '' : `#${hash('sha256', now, 'hex').slice(0, 8)}`}`
        const place = region === undefined ? '' : `@${region}`
        keys = { secret: now, keys: { credential, target: `${credential}/${model}${place}` } }
      }
      return keys.keys
    },
  }
}
