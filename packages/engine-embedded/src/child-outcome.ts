import type { ChildNews, LogEvent, NewEvent } from '@meepo/core'

/** What the parent hears of an end. */
export function outcomeOf(event: NewEvent | LogEvent): ChildNews['outcome'] {
  if (event.type === 'run.completed') return { kind: 'completed', result: event.data.result }
  if (event.type === 'run.failed') return { kind: 'failed', error: event.data.error }
  const reason = event.type === 'run.cancelled' ? event.data.reason : 'ended'
  return { kind: 'failed', error: { code: 'run.cancelled', message: reason, retryable: false } }
}
