// What the log is told of the end of a step, and the errors of ends that no body told.

import type { ErrorData } from '../base/errors.ts'
import type { EventData, Stored } from '../log/events.ts'
import type { AttemptHandle } from './attempt.ts'

/** Where and how long. */
type Place = Pick<EventData['step.completed'], 'number' | 'attempt' | 'durationMs'>

export function completedData(
  { number, attempt, durationMs }: Place,
  result: Stored,
  handle: AttemptHandle | undefined,
): EventData['step.completed'] {
  // Written out: a spread costs more than the event.
  const usage = handle?.usage
  const data = usage ? { number, attempt, result, durationMs, usage } : { number, attempt, result, durationMs }
  return handle?.saving ? { ...data, saved: handle.saving } : data
}

export function failedData(
  place: Place,
  error: ErrorData,
  handle: AttemptHandle | undefined,
): EventData['step.failed'] {
  return { ...place, error, ...usageOf(handle) }
}

export const crashed: ErrorData = {
  code: 'step.unknown',
  message: 'the process ended while the step ran',
  retryable: false,
}

export const notBegun: ErrorData = {
  code: 'engine.stopped',
  message: 'the engine stopped before the attempt began',
  retryable: true,
  notSent: true,
}

export function usageOf(handle: AttemptHandle | undefined): { usage?: NonNullable<AttemptHandle['usage']> } {
  return handle?.usage ? { usage: handle.usage } : {}
}
