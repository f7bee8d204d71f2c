import { MeepoError } from '@meepo/core'

import type { RetryOptions } from './backoff.ts'

/** As many sends as one logical call may ever have. */
export const mostSends = 6

/** What can be said about repeats, of a gateway or of a route. */
export interface RetrySettings {
  readonly maxRetries?: number
  readonly retry?: RetryOptions
}

/** Throws `config.invalid`. */
export function checkRetry(place: string, { maxRetries, retry = {} }: RetrySettings): void {
  if (maxRetries !== undefined && !(Number.isInteger(maxRetries) && maxRetries >= 0 && maxRetries < mostSends)) {
    throw invalid(`${place}.maxRetries must be a whole number from 0 to ${mostSends - 1}`)
  }
  const { backoff = 'fixed', jitter = 'full' } = retry
  if (typeof backoff !== 'function' && !['exponential', 'linear', 'fixed'].includes(backoff)) {
    throw invalid(`${place}.retry.backoff must be exponential, linear, fixed or a function`)
  }
  if (!['full', 'none'].includes(jitter)) throw invalid(`${place}.retry.jitter must be full or none`)
  for (const name of ['firstMs', 'longestMs', 'totalMs', 'patienceMs'] as const) {
    const ms = retry[name]
    if (ms !== undefined && !(ms >= 0 && ms <= 86_400_000)) {
      throw invalid(`${place}.retry.${name} must be milliseconds from 0 to 86400000`)
    }
  }
}

function invalid(message: string): MeepoError {
  return new MeepoError('config.invalid', `gateway: ${message}`)
}
