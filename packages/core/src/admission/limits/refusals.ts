import { MeepoError } from '../../base/errors.ts'
import type { Refusal } from './counters.ts'

/** The error for a call that was refused and cannot wait. */
export function refused({ why, limit, retryAfterMs }: Refusal): MeepoError {
  return why === 'impossible' ? impossible(limit) : exceeded(limit, retryAfterMs)
}

/** The error for a call that no bucket of this limit could ever hold. */
export function impossible(limit: string): MeepoError {
  return new MeepoError('limit.impossible', `the call is larger than the limit ${limit} ever allows at once`, {
    notSent: true,
    details: { limit },
  })
}

/** The error for a call that had no time to wait, or not enough. */
export function exceeded(limit: string, retryAfterMs: number): MeepoError {
  return new MeepoError('limit.exceeded', `the limit ${limit} has no room before the deadline of the call`, {
    notSent: true,
    details: { limit, retryAfterMs },
  })
}

/** The error for a call that found too many others waiting. */
export function queueFull(limit: string, retryAfterMs: number): MeepoError {
  return new MeepoError('limit.queue_full', `too many calls wait for the limit ${limit} already`, {
    notSent: true,
    details: { limit, retryAfterMs },
  })
}

/** The error of everybody after the end. */
export function closed(): MeepoError {
  return new MeepoError('limit.closed', 'the limiter is closed', { notSent: true })
}
