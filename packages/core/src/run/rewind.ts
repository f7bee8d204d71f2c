import type { ErrorData } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { LogEvent, NewEvent, Rewind } from '../log/events.ts'
import { wasSent } from './lost-call.ts'
import { isOnce } from './retry.ts'

/*
 * A run that ended because money ran out goes on, with more of it, from the first failure for that reason: the code is to
 * see none of them. What lies behind that place is taken back, unless it is the result of something that had begun
 * before: that is kept, and seen by the code in the order in which it came.
 *
 * W1 Only what costs nothing to repeat is taken back: free reads, waits, children (known by their id, so what they did is
 *    kept), and calls that were refused. Where anything else began behind a failure, that failure stays.
 * W2 Numbers go on: what is done anew has keys of its own.
 */

/** An event with its place in the log. */
export interface Placed<E> {
  readonly event: E
  readonly seq: number
}

/** True for an error that says, anywhere in it, that a budget refused. */
export function isBudgetStop(error: ErrorData): boolean {
  if (error.code === 'budget.exceeded') return true
  if (error.cause && isBudgetStop(error.cause)) return true
  return error.details !== undefined && namesBudgetStop(error.details)
}

function namesBudgetStop(value: Json | undefined): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(namesBudgetStop)
  return Object.entries(value).some(([key, inner]) =>
    key === 'code' ? inner === 'budget.exceeded' : namesBudgetStop(inner),
  )
}

/** A failure that a larger budget could have prevented, and the child whose it was. */
export interface RewindPlan {
  /** The first failure that is undone. */
  readonly before: number
  /** The highest number of a task so far. */
  readonly number: number
  /** Children that failed for the same reason, from that place on. */
  readonly children: readonly string[]
  /** Children that were cancelled from that place on, which is undone: they may have failed for the same reason by then. */
  readonly cancelled: readonly string[]
}

/** From where a run that ended can go on as if no budget had refused. `events`: what counts of its log so far. */
export function planRewind(events: readonly LogEvent[]): RewindPlan | undefined {
  const segment = events.slice(events.findLastIndex(({ type }) => type === 'run.continued') + 1)
  const ending = segment.findIndex(({ type }) => endTypes.has(type))
  const seen = ending < 0 ? segment : segment.slice(0, ending)
  const tasks = readTasks(segment)
  const index = seen.findIndex((event, place) => {
    return isUndoable(event, tasks) && seen.slice(place).every((later) => isFree(later, tasks))
  })
  const start = index < 0 ? lateRefusal(segment, ending, tasks) : index
  const first = segment[start]
  if (!first) return undefined
  // Also of children that ended while the run was ending: that is taken back with the end.
  const undone = segment.slice(start)
  const childOf = (number: number): string | readonly [] => tasks.get(number)?.childRunId ?? []
  const children = undone.filter(isBudgetFailure).flatMap(({ data }) => childOf(data.number))
  const cancelled = undone.flatMap((event) => (event.type === 'task.cancelled' ? childOf(event.data.number) : []))
  return { before: first.seq, number: highestNumber(events), children, cancelled }
}

/** What counts of a log whose end is undone by `reopened`, in the order in which the code is to see it. */
export function rewound<E extends NewEvent>(
  kept: readonly Placed<E>[],
  reopened: Placed<E>,
  { before }: Rewind,
): Placed<E>[] {
  const cut = kept.findIndex(({ seq }) => seq === before)
  const earlier = kept.slice(0, cut)
  const begun = new Set(earlier.flatMap(({ event }) => (startTypes.has(event.type) ? [numberOf(event)] : [])))
  const quiet: Placed<E>[] = []
  const seen: Placed<E>[] = []
  for (const placed of kept.slice(cut)) {
    const { event } = placed
    if (event.type === 'call.started' || event.type === 'call.settled') quiet.push(placed)
    else if (event.type === 'run.reopened') quiet.push({ ...placed, event: withoutRewind(event) })
    else if (isTakenBack(event, begun)) continue
    else if (quietTypes.has(event.type)) quiet.push(placed)
    else if (event.type === 'step.failed' && isBudgetFailure(event))
      seen.push({ ...placed, event: asAttempt(event, reopened.event.at) })
    else seen.push(placed)
  }
  return [...earlier, ...quiet, reopened, ...seen]
}

/** Where a run that was cancelled began to end, if a budget refused something meanwhile: that outcome would be kept. */
function lateRefusal(segment: readonly LogEvent[], ending: number, tasks: ReadonlyMap<number, KnownTask>): number {
  if (segment.at(-1)?.type !== 'run.cancelled') return -1
  const tail = segment.slice(ending)
  return tail.some((event) => isUndoable(event, tasks)) && tail.every((event) => isFree(event, tasks)) ? ending : -1
}

function isTakenBack(event: NewEvent, begun: ReadonlySet<number | undefined>): boolean {
  if (endTypes.has(event.type) || startTypes.has(event.type)) return true
  if (event.type === 'task.cancelled' || event.type === 'progress.reported') return true
  if (event.type === 'child.failed' && isBudgetFailure(event)) return true
  const number = numberOf(event)
  return number !== undefined && !begun.has(number)
}

/** The failure of the step counts as that of one attempt. */
function asAttempt<E extends NewEvent>(event: Extract<NewEvent, { type: 'step.failed' }>, retryAt: number): E {
  const { number, attempt, error, usage } = event.data
  const data = { number, attempt, error, retryAt, ...(usage ? { usage } : {}) }
  // Another member of the same union, with the same place.
  return { ...event, type: 'attempt.failed', data } as unknown as E
}

function withoutRewind<E extends NewEvent>(event: Extract<NewEvent, { type: 'run.reopened' }>): E {
  const { rewind: _rewind, ...data } = event.data
  // The same event with less of its data.
  return { ...event, data } as unknown as E
}

/** What a task is, and what became of it. */
interface KnownTask {
  readonly start: NewEvent
  readonly childRunId?: string
  hasSent: boolean
  isRefused: boolean
}

function readTasks(events: readonly NewEvent[]): ReadonlyMap<number, KnownTask> {
  const tasks = new Map<number, KnownTask>()
  for (const event of events) {
    const number = numberOf(event)
    if (number === undefined) continue
    if (startTypes.has(event.type)) {
      const child = event.type === 'child.started' ? { childRunId: event.data.childRunId } : {}
      tasks.set(number, { start: event, ...child, hasSent: false, isRefused: false })
      continue
    }
    const task = tasks.get(number)
    if (!task) continue
    if (event.type === 'call.settled' && wasSent(event.data.entry)) task.hasSent = true
    if (isBudgetFailure(event)) task.isRefused = true
  }
  return tasks
}

/** W1: may this event be taken back? What began before the failure is not: asked for its start only. */
function isFree(event: NewEvent, tasks: ReadonlyMap<number, KnownTask>): boolean {
  if (event.type !== 'step.started') return event.type !== 'run.continued'
  const task = tasks.get(event.data.number)
  if (task?.hasSent === true) return false
  return event.data.effect === 'read' || (task?.isRefused === true && !isOnce(event.data.effect))
}

type Failure = Extract<NewEvent, { type: 'step.failed' | 'child.failed' }>

function isBudgetFailure<E extends NewEvent>(event: E): event is E & Failure {
  return (event.type === 'step.failed' || event.type === 'child.failed') && isBudgetStop(event.data.error)
}

/** What must not be repeated stays failed, unless it is certain that nothing happened. */
function isUndoable(event: NewEvent, tasks: ReadonlyMap<number, KnownTask>): boolean {
  if (!isBudgetFailure(event)) return false
  const start = tasks.get(event.data.number)?.start
  if (!start) return false
  return start.type !== 'step.started' || !isOnce(start.data.effect) || event.data.error.notSent === true
}

function numberOf({ data }: NewEvent): number | undefined {
  return 'number' in data ? data.number : undefined
}

function highestNumber(events: readonly NewEvent[]): number {
  let highest = 0
  for (const event of events) {
    highest = Math.max(highest, numberOf(event) ?? 0)
    if (event.type === 'run.reopened') highest = Math.max(highest, event.data.rewind?.number ?? 0)
  }
  return highest
}

const startTypes: ReadonlySet<string> = new Set(['step.started', 'sleep.started', 'signal.awaited', 'child.started'])
const quietTypes: ReadonlySet<string> = new Set([
  'attempt.started',
  'attempt.failed',
  'step.unknown',
  'step.resolved',
  'signal.received',
])
const endTypes: ReadonlySet<string> = new Set(['run.cancel_requested', 'run.ending', 'run.failed', 'run.cancelled'])
