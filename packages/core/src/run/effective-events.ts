import type { ErrorData } from '../base/errors.ts'
import type { NewEvent } from '../log/events.ts'
import { isOnce } from './retry.ts'
import { rewound, type Placed } from './rewind.ts'

/**
 * Leaves out ends of a whole log that a reopening undid, and the tasks they cancelled. Outcomes that were recorded while
 * the run ended stay: what is durably done is never done again. A step whose failure was the run's failure is tried
 * once more.
 */
export function effectiveEvents<E extends NewEvent>(events: readonly E[]): readonly E[] {
  // Nearly every log is effective as it is.
  if (!events.some((event) => event.type === 'run.reopened')) return events
  let kept: Placed<E>[] = []
  for (const [index, event] of events.entries()) {
    const placed = { event, seq: index + 1 }
    if (event.type === 'run.reopened') kept = reopened(kept, placed, event)
    else kept.push(placed)
  }
  return kept.map((placed) => placed.event)
}

function reopened<E extends NewEvent>(
  kept: readonly Placed<E>[],
  placed: Placed<E>,
  { at, data }: Extract<NewEvent, { type: 'run.reopened' }>,
): Placed<E>[] {
  if (data.rewind) return rewound(kept, placed, data.rewind)
  const end = kept.at(-1)?.event
  const resumeAfter =
    end && (end.type === 'run.failed' || end.type === 'run.cancelled') ? end.data.resumeAfter : Infinity
  const isBefore = ({ seq }: Placed<E>): boolean => seq <= resumeAfter
  const rest = kept.filter(
    (one) => !endTypes.has(one.event.type) && (one.event.type !== 'task.cancelled' || isBefore(one)),
  )
  if (end?.type === 'run.failed') retryLastFailure(rest, isBefore, end.data.error, at)
  return [...rest, placed]
}

/** The failure counts as that of one attempt, if it was the last thing that the code learned and it did nothing after. */
function retryLastFailure<E extends NewEvent>(
  kept: Placed<E>[],
  isBefore: (placed: Placed<E>) => boolean,
  error: ErrorData,
  retryAt: number,
): void {
  const index = kept.findLastIndex((placed) => isBefore(placed) && !quietTypes.has(placed.event.type))
  // A log that ended has at least its first event.
  const { event: last, seq } = kept[index]!
  if (last.type !== 'step.failed' || last.data.error.code !== error.code || last.data.error.message !== error.message)
    return
  const { number, attempt, usage } = last.data
  // What must not be repeated is not: the effect may have happened all the same.
  const isOnceStep = kept.some(
    ({ event }) => event.type === 'step.started' && event.data.number === number && isOnce(event.data.effect),
  )
  if (isOnceStep && error.notSent !== true) return
  const data = { number, attempt, error, retryAt, ...(usage ? { usage } : {}) }
  // Another member of the same union, with the same place.
  const event = { ...last, type: 'attempt.failed', data } as unknown as E
  kept[index] = { event, seq }
}

/** Events that neither tell the code anything nor come from it. */
const quietTypes: ReadonlySet<string> = new Set([
  'attempt.started',
  'attempt.failed',
  'signal.received',
  'step.unknown',
  'call.started',
  'call.settled',
])

const endTypes: ReadonlySet<string> = new Set(['run.cancel_requested', 'run.ending', 'run.failed', 'run.cancelled'])
