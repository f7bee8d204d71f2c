import { MeepoError } from '@meepo/core'
import type { Refused } from '../protocol.ts'
import { describeFailure } from '../sqlite-error.ts'

/** The error that the caller of a refused part sees. */
export function toMeepoError({ code, message, retryable }: Refused): MeepoError {
  return new MeepoError(code, message, retryable === undefined ? {} : { retryable })
}

/** The error for what a statement on the main thread threw. */
export function toReadError(thrown: unknown): MeepoError {
  return MeepoError.is(thrown) ? thrown : toMeepoError(describeFailure(thrown))
}
