import type { ErrorData } from '../base/errors.ts'
import type { Random } from '../base/ports.ts'
import type { Effect } from '../log/events.ts'

/** How often and after which waits a step is tried again. */
export interface RetryPolicy {
  /** All tries, the first included. */
  readonly maxAttempts: number
  /** The first wait; each later one is `factor` times as long. */
  readonly initialMs: number
  readonly factor: number
  readonly maxMs: number
  /** Only errors of these codes are tried again; all that are retryable unless said. */
  readonly codes?: readonly string[]
}

/** Three tries, waits of about 0.2 and 0.4 s. */
export const defaultRetry: RetryPolicy = { maxAttempts: 3, initialMs: 200, factor: 2, maxMs: 30_000 }

/** A single try. */
export const noRetry: RetryPolicy = { maxAttempts: 1, initialMs: 0, factor: 1, maxMs: 0 }

/**
 * How long to wait before the next try, or undefined when there is none. The thrower decides whether an error is
 * worth a retry; for effects that must not be repeated, only an error before the call left is.
 */
export function retryDelay(
  policy: RetryPolicy,
  effect: Effect,
  error: ErrorData,
  attempts: number,
  random: Random,
): number | undefined {
  if (attempts >= policy.maxAttempts || !error.retryable) return undefined
  if (policy.codes?.includes(error.code) === false) return undefined
  if (isOnce(effect) && error.notSent !== true) return undefined
  const asked = error.details?.['retryAfterMs']
  const backoff = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempts - 1))
  const jittered = backoff * (0.5 + random.next() / 2)
  return Math.max(jittered, typeof asked === 'number' ? asked : 0)
}

/** True for effects that must not happen twice. */
export function isOnce(effect: Effect): boolean {
  return effect === 'once' || effect === 'irreversible'
}
