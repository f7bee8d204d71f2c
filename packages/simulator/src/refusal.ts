import type { IncomingMessage } from 'node:http'

import type { Provider } from './provider.ts'
import type { Problem, Vendor } from './wire/wire.ts'

/** The key of a request, or what the vendor answers one that may not pass. */
export function checkKey(
  provider: Provider,
  vendor: Vendor,
  request: IncomingMessage,
  query: URLSearchParams,
): { readonly key: string | undefined; readonly problem?: Problem } {
  const key = vendor.keyOf(request.headers, query)
  const { keys } = provider
  if (keys === undefined) return { key }
  const known = key === undefined ? undefined : keys.get(key)
  if (known === undefined) return { key, problem: vendor.badKey }
  const { refuse, reason } = known
  if (refuse === undefined) return { key }
  return { key, problem: { status: refuse, reason, message: 'This key may not be used.' } }
}

/** What the vendor answers for a model that does not exist. */
export function checkModel(provider: Provider, model: string): Problem | undefined {
  const { models } = provider
  if (models === undefined || models.includes(model)) return undefined
  return { status: 404, reason: 'unknown-model', message: `The model \`${model}\` does not exist.` }
}
