import type { LimitState } from '../limiter/limit-state.ts'
import { bearerOf } from '../openai/vendor.ts'
import { namedEvent } from '../wire/sse.ts'
import type { Problem, Vendor } from '../wire/wire.ts'

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
  504: 'timeout_error',
  529: 'overloaded_error',
}

/** What Anthropic's formats share. */
export const anthropic: Vendor = {
  name: 'anthropic',
  callIdPrefix: 'toolu_',
  standardTier: 'standard',
  badKey: { status: 401, message: 'invalid x-api-key', reason: 'invalid-key' },
  errorBody: problemBody,
  errorEvent: (problem) => namedEvent(problemBody(problem)),
  keyOf(headers) {
    const key = headers['x-api-key']
    return typeof key === 'string' ? key : bearerOf(headers)
  },
  limitHeaders(states, now) {
    const headers: Record<string, string> = {}
    for (const state of states) {
      if (state.unit === 'concurrency') continue
      const name = `anthropic-ratelimit-${state.unit}`
      headers[`${name}-limit`] = String(state.limit)
      headers[`${name}-remaining`] = String(told(state))
      headers[`${name}-reset`] = new Date(Math.ceil((now + state.resetMs) / 1000) * 1000)
        .toISOString()
        .replace('.000', '')
    }
    return headers
  },
  retryHeaders: (waitMs) => ({ 'retry-after': String(Math.max(1, Math.ceil(waitMs / 1000))) }),
}

/** Tokens that remain are told in thousands. */
function told({ unit, remaining }: LimitState): number {
  return unit === 'requests' ? remaining : Math.round(remaining / 1000) * 1000
}

/** The vendor's shape of an error, with its own words where the reason has some. */
export function problemBody({ status, message, reason, retryInMs }: Problem): {
  readonly type: 'error'
  readonly error: { readonly type: string; readonly message: string }
  readonly request_id: string
} {
  const type = reason === 'overloaded' ? 'overloaded_error' : (TYPES[status] ?? 'api_error')
  const wait = retryInMs === undefined ? '' : ` Please try again in ${Math.ceil(retryInMs / 1000)} seconds.`
  const text = (reason === undefined ? undefined : WORDS[reason]) ?? message
  return { type: 'error', error: { type, message: text + wait }, request_id: 'req_simulator' }
}

const WORDS: Readonly<Partial<Record<NonNullable<Problem['reason']>, string>>> = {
  'context-length': 'prompt is too long: 210000 tokens > 200000 maximum',
  'content-filter': 'Output blocked by content filtering policy',
  quota:
    'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to purchase credits.',
  overloaded: 'Overloaded',
}
