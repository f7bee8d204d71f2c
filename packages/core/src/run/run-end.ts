import type { NewEvent, RunEnd } from '../log/events.ts'

/** Why the end of a run ends its tasks. */
export function endReason(end: RunEnd): string {
  if (end.kind === 'completed') return 'the run ended'
  return end.kind === 'failed' ? end.error.message : end.reason
}

/** The last event of a run. */
export function endEvent(end: RunEnd, at: number, unknown: Iterable<number>, resumeAfter: number): NewEvent {
  if (end.kind === 'completed') return { type: 'run.completed', at, data: { result: end.result } }
  const ending = { unknownSteps: [...unknown].toSorted((a, b) => a - b), resumeAfter }
  if (end.kind === 'failed') return { type: 'run.failed', at, data: { error: end.error, ...ending } }
  return { type: 'run.cancelled', at, data: { reason: end.reason, ...ending } }
}
