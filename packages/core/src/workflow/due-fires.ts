import type { ScheduleData } from '../graph/data/graph-data.ts'
import type { FireTimes } from './schedule.ts'

/** What is to be started now. */
export interface DueFires {
  /** The oldest first. */
  readonly fires: readonly number[]
  /** There were more, which the policy passes over. */
  readonly hasPassed: boolean
}

const defaultMissed = 100
const defaultGraceMs = 60_000

/**
 * The fires behind `after` and up to `now` that are to be started, by the policy for missed ones. More than one is due only
 * when nobody was there in time. One of `skip` may still be too late when it is started: see {@link isTooLate}.
 */
export function dueFires(schedule: ScheduleData, times: FireTimes, after: number, now: number): DueFires {
  const { missed = 'latest', maxMissed = defaultMissed } = schedule
  const most = missed === 'all' ? maxMissed : 1
  const due = times.upTo(now, most + 1).filter((at) => at > after)
  return { fires: due.slice(0, most).toReversed(), hasPassed: due.length > most }
}

/** Whether a fire is not to be started any more. */
export function isTooLate({ missed, graceMs = defaultGraceMs }: ScheduleData, at: number, now: number): boolean {
  return missed === 'skip' && now - at > graceMs
}
