import { hash } from 'node:crypto'

import { canonicalJson, type JsonObject, type ModelRequest } from '@meepo/core'

/** What a key is made of. */
export interface KeyParts {
  readonly tenant: string
  /** What answers: the targets behind the name that was asked for. */
  readonly model: string
  readonly request: ModelRequest
}

/**
 * The key of an answer: equal for calls that may have the same answer, and for no others. The whole digest, because a
 * collision would be a wrong answer.
 */
export function cacheKey({ tenant, model, request }: KeyParts): string {
  const { messages, tools, settings = {}, outputSchema } = request
  const { providerOptions, ...sampling } = settings
  const parts = { tenant, model, messages, tools, outputSchema, sampling, options: meaningful(providerOptions) }
  return hash('sha256', canonicalJson(parts), 'hex')
}

/** Options that say how a request is served or labelled, and change nothing of what is answered. */
const neutral: ReadonlySet<string> = new Set([
  'cacheControl',
  'metadata',
  'promptCacheKey',
  'promptCacheRetention',
  'safetyIdentifier',
  'serviceTier',
  'store',
  'user',
])

function meaningful(options: { readonly [provider: string]: JsonObject } = {}): JsonObject {
  return Object.fromEntries(
    Object.entries(options).map(([provider, given]) => [
      provider,
      Object.fromEntries(Object.entries(given).filter(([name]) => !neutral.has(name))),
    ]),
  )
}
