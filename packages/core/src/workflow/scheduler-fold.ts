import type { LogEvent, Stored } from '../log/events.ts'
import { applied } from './scheduler-changes.ts'
import {
  afterDecision,
  afterOutcome,
  decideStep,
  fireStep,
  takeOverStep,
  type Decision,
  type Outcome,
  type SchedulerChange,
  type SchedulerSegment,
  type SchedulerState,
  type Taking,
} from './scheduler-state.ts'

/** What the log of a scheduler tells. */
export interface SchedulerLink {
  readonly change: SchedulerChange
  /** Absent before it has taken over: then its change is still to be applied to where the one before stands. */
  readonly state?: SchedulerState
}

const kinds: readonly unknown[] = ['schedule', 'pause', 'resume', 'hand over']

/** Whether a scheduler can begin with it. */
export function isSchedulerChange(value: unknown): value is SchedulerChange {
  if (typeof value !== 'object' || value === null) return false
  // Any object, of which these fields are looked at.
  const { kind, schedule, at, before = '' } = value as Partial<Record<keyof SchedulerChange, unknown>>
  return kinds.includes(kind) && typeof schedule === 'object' && typeof at === 'number' && typeof before === 'string'
}

/** Folds the log of a scheduler. Undefined for a log of anything else. */
export function foldScheduler(events: readonly LogEvent[]): SchedulerLink | undefined {
  const [created] = events
  const change = created?.type === 'run.created' ? inline(created.data.input) : undefined
  if (!isSchedulerChange(change)) return undefined
  let state = change.before === undefined ? applied(change, null) : undefined
  const steps = new Map<number, string>()
  for (const { type, data } of events) {
    // Schedulers write the values.
    if (type === 'run.continued') state = (inline(data.state) as SchedulerSegment).state
    else if (type === 'step.started') steps.set(data.number, data.name)
    else if (type === 'step.completed') state = afterStep(change, state, steps.get(data.number), inline(data.result))
  }
  return { change, ...(state ? { state } : {}) }
}

function afterStep(
  change: SchedulerChange,
  state: SchedulerState | undefined,
  step: string | undefined,
  result: unknown,
): SchedulerState | undefined {
  // Schedulers write the results.
  if (step === takeOverStep) {
    const taking = result as Taking
    return taking.kind === 'taken' ? applied(change, taking.state) : state
  }
  if (!state) return undefined
  if (step === decideStep) return afterDecision(state, result as Decision)
  return step === fireStep ? afterOutcome(state, result as Outcome) : state
}

/** What schedulers write is small: it is never a reference. */
function inline(stored: Stored): unknown {
  return 'value' in stored ? stored.value : undefined
}
