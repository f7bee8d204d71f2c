import type { ScheduleData } from '../graph/data/graph-data.ts'
import type { FireTimes } from './schedule.ts'

/** What is to be started now. */
export interface DueFires {
  /** The oldest first. */
  readonly fires: readonly number[]
  /** Older ones, which the policy drops: the last of them, and how many; 1,000 stands for more as well. */
  readonly missed?: { readonly at: number; readonly count: number }
}

const defaultMissed = 100
const defaultGraceMs = 60_000
/** Of dropped fires so many are counted: a schedule of seconds misses millions in a month. */
const maxCounted = 1_000

/**
 * The fires behind `after` and up to `now` that are to be started, by the policy for missed ones. More than one is due only
 * when nobody was there in time. One of `skip` may still be too late when it is started: see {@link isTooLate}.
 */
export function dueFires(schedule: ScheduleData, times: FireTimes, after: number, now: number): DueFires {
  const { missed = 'latest', maxMissed = defaultMissed } = schedule
  const most = missed === 'all' ? maxMissed : 1
  const lastOnes = (count: number): readonly number[] => times.upTo(now, count).filter((at) => at > after)
  const due = lastOnes(most + 1)
  const fires = due.slice(0, most).toReversed()
  const [dropped] = due.slice(most)
  if (dropped === undefined) return { fires }
  return { fires, missed: { at: dropped, count: lastOnes(most + maxCounted).length - most } }
}

/** Whether a fire is not to be started any more. */
export function isTooLate({ missed, graceMs = defaultGraceMs }: ScheduleData, at: number, now: number): boolean {
  return missed === 'skip' && now - at > graceMs
}

/**
 * Whether a later fire is started instead: it was decided on, and then nobody was there until the next one was due as well.
 * Within the grace it is not, so that a slow machine starts something of a schedule of seconds.
 */
export function isOutdated(schedule: ScheduleData, times: FireTimes, at: number, now: number): boolean {
  const { missed = 'latest', graceMs = defaultGraceMs } = schedule
  if (missed !== 'latest' || now - at <= graceMs) return false
  const [newest = at] = times.upTo(now, 1)
  return newest > at
}
