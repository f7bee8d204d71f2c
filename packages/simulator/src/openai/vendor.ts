import type { IncomingHttpHeaders } from 'node:http'

import type { LimitState } from '../limiter/limit-state.ts'
import { dataEvent } from '../wire/sse.ts'
import type { Vendor } from '../wire/wire.ts'
import { duration, problemBody } from './error-body.ts'

/** What OpenAI's formats share. */
export const openai: Vendor = {
  name: 'openai',
  callIdPrefix: 'call_',
  standardTier: 'default',
  badKey: { status: 401, message: 'Incorrect API key provided.', reason: 'invalid-key' },
  errorBody: problemBody,
  errorEvent: (problem) => dataEvent(problemBody(problem)),
  keyOf: bearerOf,
  limitHeaders(states) {
    const headers: Record<string, string> = {}
    for (const { name, state } of named(states)) {
      headers[`x-ratelimit-limit-${name}`] = String(state.limit)
      headers[`x-ratelimit-remaining-${name}`] = String(state.remaining)
      headers[`x-ratelimit-reset-${name}`] = duration(state.resetMs)
    }
    return headers
  },
  retryHeaders: (waitMs) => ({
    'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))),
    'retry-after-ms': String(Math.ceil(waitMs)),
  }),
}

/** The key of an `authorization: Bearer …` header. */
export function bearerOf({ authorization = '' }: IncomingHttpHeaders): string | undefined {
  return authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : undefined
}

/** This vendor tells requests and tokens only; where tokens are counted apart, the input is told. */
function named(states: readonly LimitState[]): { readonly name: string; readonly state: LimitState }[] {
  const requests = states.find(({ unit }) => unit === 'requests')
  const tokens = states.find(({ unit }) => unit === 'tokens') ?? states.find(({ unit }) => unit === 'input-tokens')
  return [
    ...(requests === undefined ? [] : [{ name: 'requests', state: requests }]),
    ...(tokens === undefined ? [] : [{ name: 'tokens', state: tokens }]),
  ]
}
