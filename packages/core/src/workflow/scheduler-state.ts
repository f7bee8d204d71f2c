import type { ErrorData } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'
import type { LogEvent, Stored } from '../log/events.ts'

/** A fire and its run. */
export interface StartedFire {
  readonly at: number
  readonly runId: RunId
}

/** A fire that was decided on: whether it has a run is not recorded yet. */
export interface PendingFire extends StartedFire {
  /**
   * Decided on by a scheduler before, which may have started it. `start`: it is started if it has no run. `look`: it is not
   * started any more, as somebody paused or changed the schedule meanwhile; but a run that it has counts.
   */
  readonly doubt?: 'start' | 'look'
}

/** A fire without a run, and why. */
export interface PassedFire {
  readonly at: number
  /**
   * `missed`: nobody was there in time, and the policy drops it. `unknown`: somebody died while the fire was started, so
   * long ago that its run may be forgotten by now.
   */
  readonly why: 'late' | 'overlap' | 'failed' | 'missed' | 'unknown'
  /** Of `missed`: how many were dropped at once, this one being the last; 1,000 stands for more as well. */
  readonly count?: number
  /** Why its run could not be started. */
  readonly error?: ErrorData
}

/** Where a scheduler stands. */
export interface SchedulerState {
  /** Null: the workflow has no schedule any more. */
  readonly schedule: ScheduleData | null
  /** Fires up to this time are decided on. It never goes back, whatever clocks do. */
  readonly after: number
  /** The oldest first; absent when there are none. */
  readonly pending?: readonly PendingFire[]
  /** The last fire that got a run. */
  readonly last?: StartedFire
  /** The last fire that got none. */
  readonly lastPassed?: PassedFire
  /** Nothing is started until somebody goes on. */
  readonly isPaused?: true
  /** When it fires next; absent without a schedule, while it is paused and before its first round. */
  readonly nextAt?: number
}

/** What a scheduler begins with. */
export interface SchedulerInput extends Omit<SchedulerState, 'nextAt'> {
  /** The scheduler that it takes the place of. */
  readonly before?: RunId
}

/** What a scheduler has decided, before anything of it is done. */
export type Decision =
  | { readonly kind: 'replaced' }
  | {
      readonly kind: 'decided'
      readonly after: number
      readonly fires: readonly StartedFire[]
      readonly missed?: PassedFire
      readonly nextAt?: number
    }

/** What became of the pending fires. */
export type Outcome =
  | { readonly kind: 'replaced' }
  | { readonly kind: 'done'; readonly started: readonly StartedFire[]; readonly passed: readonly PassedFire[] }

/** The name of the step that decides what is due. */
export const decideStep = 'decide'
/** The name of the step that starts it. */
export const fireStep = 'fire'

/** The state behind a decision. */
export function afterDecision({ nextAt: _before, ...state }: SchedulerState, decision: Decision): SchedulerState {
  if (decision.kind === 'replaced') return state
  const { after, fires, missed, nextAt } = decision
  const pending = [...(state.pending ?? []), ...fires]
  return {
    ...withPassed(state, missed),
    after,
    ...(pending.length === 0 ? {} : { pending }),
    ...(nextAt === undefined ? {} : { nextAt }),
  }
}

/** The state when the pending fires are done with. */
export function afterOutcome(state: SchedulerState, outcome: Outcome): SchedulerState {
  if (outcome.kind === 'replaced') return state
  const { pending: _done, ...rest } = withPassed(state, outcome.passed.at(-1))
  const last = outcome.started.at(-1)
  return last ? { ...rest, last } : rest
}

/** Those that were pending are told late. */
function withPassed(state: SchedulerState, passed: PassedFire | undefined): SchedulerState {
  const { lastPassed } = state
  return passed && passed.at >= (lastPassed?.at ?? -Infinity) ? { ...state, lastPassed: passed } : state
}

/** Folds the log of a scheduler. Undefined for one that has not begun to exist, or of another form. */
export function foldScheduler(events: readonly LogEvent[]): SchedulerState | undefined {
  let state: SchedulerState | undefined
  const steps = new Map<number, string>()
  for (const { type, data } of events) {
    if (type === 'run.created') state = stateOf(data.input)
    else if (type === 'run.continued') state = stateOf(data.state)
    else if (type === 'step.started') steps.set(data.number, data.name)
    else if (type === 'step.completed' && state && 'value' in data.result) {
      const name = steps.get(data.number)
      // Schedulers write them.
      if (name === decideStep) state = afterDecision(state, data.result.value as unknown as Decision)
      if (name === fireStep) state = afterOutcome(state, data.result.value as unknown as Outcome)
    }
  }
  return state
}

/** What a scheduler begins with is small: it is never a reference. */
function stateOf(stored: Stored): SchedulerState | undefined {
  if (!('value' in stored)) return undefined
  // Schedulers and those who begin them write it.
  const { before: _before, ...state } = stored.value as unknown as SchedulerInput
  return state
}
