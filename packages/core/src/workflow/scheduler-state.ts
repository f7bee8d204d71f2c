import type { ErrorData } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'

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

/** Where a scheduler stands. Its schedule, and whether it is paused, stay as they are: a change is for its successor. */
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

/**
 * What a scheduler begins with: what it changes. Where the one before stands it reads there, when it has taken its place:
 * until then that one goes on.
 */
export interface SchedulerChange {
  /** `schedule`: another schedule, or none. `hand over`: it goes on as the one before, whose log is long. */
  readonly kind: 'schedule' | 'pause' | 'resume' | 'hand over'
  /** The scheduler that it takes the place of; the first one has none. */
  readonly before?: RunId
  /** The schedule that it keeps. */
  readonly schedule: ScheduleData | null
  /** Nothing is started until somebody goes on. */
  readonly isPaused?: true
  /** When it was decided on: a scheduler of which the one before is gone begins there. */
  readonly at: number
}

/** How a scheduler goes on that found the place of its successor taken. */
export interface SchedulerSegment {
  readonly state: SchedulerState
}

/** What a scheduler found at the one before. */
export type Taking =
  /** That one still goes on. */
  | { readonly kind: 'waits' }
  /** Null: it is gone. */
  | { readonly kind: 'taken'; readonly state: SchedulerState | null }

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
export interface Outcome {
  /** `replaced`: a successor came meanwhile. The others are for it. */
  readonly kind: 'replaced' | 'done'
  readonly started: readonly StartedFire[]
  readonly passed: readonly PassedFire[]
}

/** The name of the step that reads where the scheduler before stands. */
export const takeOverStep = 'take over'
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

/** The state when pending fires are done with: all of them, unless a successor came. */
export function afterOutcome(state: SchedulerState, { started, passed }: Outcome): SchedulerState {
  const { pending = [], ...rest } = withPassed(state, passed.at(-1))
  const done = new Set([...started, ...passed].map(({ at }) => at))
  const left = pending.filter(({ at }) => !done.has(at))
  const last = started.at(-1)
  return { ...rest, ...(last ? { last } : {}), ...(left.length === 0 ? {} : { pending: left }) }
}

/** Those that were pending are told late. */
function withPassed(state: SchedulerState, passed: PassedFire | undefined): SchedulerState {
  const { lastPassed } = state
  return passed && passed.at >= (lastPassed?.at ?? -Infinity) ? { ...state, lastPassed: passed } : state
}
