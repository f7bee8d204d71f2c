import type { Problem } from '../wire/wire.ts'

/** The vendor's shape of an error. */
export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: string
    readonly param: string | null
    readonly code: string | null
  }
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'invalid_request_error',
  403: 'permission_error',
  404: 'invalid_request_error',
  405: 'invalid_request_error',
  413: 'invalid_request_error',
  429: 'rate_limit_error',
}

const CODES: Readonly<Record<number, string>> = { 401: 'invalid_api_key', 429: 'rate_limit_exceeded' }

/** An error body with the type, and unless given the code, that belong to the status. */
export function errorBody(
  status: number,
  message: string,
  details: { readonly param?: string | null; readonly code?: string } = {},
): ErrorBody {
  const type = TYPES[status] ?? (status >= 500 ? 'server_error' : 'invalid_request_error')
  return {
    error: { message, type, param: details.param ?? null, code: details.code ?? CODES[status] ?? null },
  }
}

/** The error body of a problem, with the vendor's own words where its reason has some. */
export function problemBody(problem: Problem): ErrorBody {
  const { status, message, reason } = problem
  if (reason === 'quota') {
    const text = 'You exceeded your current quota, please check your plan and billing details.'
    return { error: { message: text, type: 'insufficient_quota', param: null, code: 'insufficient_quota' } }
  }
  if (reason === 'context-length') {
    const text = "This model's maximum context length is 128000 tokens. Please reduce the length of the messages."
    return errorBody(status, text, { param: 'messages', code: 'context_length_exceeded' })
  }
  if (reason === 'content-filter') {
    const text = "The response was filtered due to the prompt triggering the provider's content management policy."
    return errorBody(status, text, { param: 'prompt', code: 'content_filter' })
  }
  const wait = problem.retryInMs === undefined ? '' : ` Please try again in ${duration(problem.retryInMs)}.`
  const code = problem.code ?? (reason === 'unknown-model' ? 'model_not_found' : undefined)
  return errorBody(status, message + wait, {
    param: problem.param ?? null,
    ...(code !== undefined && { code }),
  })
}

/** A time as this vendor writes it: `60ms`, `1.5s`, `2m13s`, `6m0s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`
  const seconds = Math.ceil(ms) / 1000
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  const rest = Math.ceil(seconds - minutes * 60)
  if (rest === 60) return `${minutes + 1}m0s`
  return minutes < 60 ? `${minutes}m${rest}s` : `${Math.floor(minutes / 60)}h${minutes % 60}m${rest}s`
}
