import type { RunId } from '../base/ids.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'
import type { FireTimes } from './schedule.ts'
import type { SchedulerInput, StartedFire } from './scheduler-state.ts'

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
  /** Tells a scheduler that it has a successor, if it still goes on. */
  replace(scheduler: RunId): Promise<void>
  /** Starts the successor of a scheduler; does nothing when it has one. `schedule.blocked`: something else has its id. */
  succeed(scheduler: RunId | undefined, input: SchedulerInput): Promise<void>
}
