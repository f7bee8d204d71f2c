import type { RunId } from '../base/ids.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'
import type { FireTimes } from './schedule.ts'
import type { SchedulerChange, SchedulerState, StartedFire } from './scheduler-state.ts'

/** What is seen of a scheduler by its successor. */
export interface SchedulerPast {
  /** Nobody drives it now, or it starts nothing: whoever drives it later sees its successor first. */
  readonly isOver: boolean
  /** Null: it is gone. */
  readonly state: SchedulerState | null
}

/** What schedulers need of the process around them. */
export interface SchedulerHost {
  /** Throws `schedule.invalid` for a cron or time zone that there is not. */
  times(schedule: ScheduleData): FireTimes
  now(): number
  /** How long ended runs of the workflow stay at least. */
  readonly keptMs: number
  fireRunId(schedule: ScheduleData, at: number): RunId
  /** Whether the fire has a run. A run of something else that has its id is none. */
  hasRun(fire: StartedFire): Promise<boolean>
  /** Whether there is such a run and it has not ended. */
  isGoingOn(runId: RunId): Promise<boolean>
  /** Starts the run of a fire; does nothing when it was started before. `run.exists`: something else has its id. */
  start(fire: StartedFire, schedule: ScheduleData): Promise<void>
  /** Whether a scheduler has a successor. */
  isReplaced(scheduler: RunId): Promise<boolean>
  /** Tells a scheduler that it has a successor, if it still goes on; and those before whose place it has not taken yet. */
  replace(scheduler: RunId): Promise<void>
  /** Where a scheduler stands that has a successor. */
  look(scheduler: RunId): Promise<SchedulerPast>
  /** Starts the successor of `before`; does nothing when it has one. `schedule.blocked`: something else has its id. */
  succeed(change: SchedulerChange): Promise<void>
}
