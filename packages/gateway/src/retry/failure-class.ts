import type { MeepoError } from '@meepo/core'

/** What a failure means for the call and for its target. The rows of the table in `actions.ts`. */
export type FailureClass =
  /** Refused, reset or not found before any header. */
  | 'connection'
  /** No header, no first content, or no further content in time. */
  | 'silence'
  /** 408, 409, 500, 502, 503, 504 and the like. */
  | 'server'
  | 'overloaded'
  /** 429 with a time to wait. */
  | 'rate_limited'
  /** 429 without. */
  | 'rate_limited_blind'
  /** No quota or credit left: 402, `insufficient_quota`. */
  | 'quota'
  /** 401, 403. */
  | 'key_refused'
  /** 404. */
  | 'unknown_model'
  /** 400, 413, 422. */
  | 'invalid'
  | 'context_length'
  | 'content_filter'
  /** No model answer, or a chunk that cannot be read. */
  | 'malformed'
  /** The answer ended before it was complete. */
  | 'cut'
  /** Our own budget, limit, configuration or abort. */
  | 'ours'

/** The class of an error that the core of the gateway made. */
export function failureClass(error: MeepoError): FailureClass {
  const { code, details = {} } = error
  switch (code) {
    case 'model.unavailable':
      return details['status'] === undefined ? 'connection' : 'server'
    case 'model.timeout':
      return 'silence'
    case 'model.overloaded':
      return 'overloaded'
    case 'model.rate_limited':
      if (!error.retryable) return 'quota'
      return details['retryAfterMs'] === undefined ? 'rate_limited_blind' : 'rate_limited'
    case 'model.unauthorized':
      return 'key_refused'
    case 'model.not_found':
      return 'unknown_model'
    case 'model.rejected':
      return 'invalid'
    case 'model.context_length':
      return 'context_length'
    case 'model.content_filter':
      return 'content_filter'
    case 'model.bad_response':
      return 'malformed'
    case 'model.interrupted':
      return 'cut'
    default:
      return 'ours'
  }
}

/** How long the provider asked to wait. */
export function askedWaitMs(error: MeepoError): number | undefined {
  const wait = error.details?.['retryAfterMs']
  return typeof wait === 'number' ? wait : undefined
}
