// Where the successor of a scheduler begins. Nothing that was decided is lost between them: fires that the one before may
// have started are pending, so that none is started twice and none overlaps with a run that nobody recorded.

import { canonicalJson } from '../base/json.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'
import { scheduleData } from './schedule.ts'
import type { PendingFire, SchedulerChange, SchedulerState } from './scheduler-state.ts'

/** Where a scheduler begins that makes the change. Null: the one before is gone, or there was none. */
export function applied(
  { kind, schedule, isPaused, at }: SchedulerChange,
  before: SchedulerState | null,
): SchedulerState {
  if (!before) return { schedule, after: at, ...(isPaused ? { isPaused } : {}) }
  switch (kind) {
    case 'schedule':
      return changedTo(schedule, before, at)
    case 'pause':
      return paused(before)
    case 'resume':
      return resumed(schedule, before, at)
    case 'hand over':
      return carried(before, 'start')
  }
}

/** Whether a scheduler starts nothing: it only waits for a successor. */
export function isResting({ schedule, isPaused }: Pick<SchedulerState, 'schedule' | 'isPaused'>): boolean {
  return schedule === null || isPaused === true
}

/** Another schedule, or none. What was missed is kept as long as the times and the tenant are the same. */
function changedTo(schedule: ScheduleData | null, state: SchedulerState, now: number): SchedulerState {
  if (hasSameTimes(schedule, state.schedule)) return { ...carried(state, 'start'), schedule }
  return { ...carried(state, 'look'), schedule, after: Math.max(now, state.after) }
}

/** It starts nothing any more, until somebody goes on. */
function paused(state: SchedulerState): SchedulerState {
  return { ...carried(state, 'look'), isPaused: true }
}

/** What was missed while it was paused is forgotten. */
function resumed(schedule: ScheduleData | null, state: SchedulerState, now: number): SchedulerState {
  const { isPaused: _over, ...rest } = carried(state, 'look')
  return { ...rest, schedule, after: Math.max(now, state.after) }
}

/** Whether nothing is different, policies included. */
export function isSameSchedule(one: ScheduleData | null, other: ScheduleData | null): boolean {
  if (one === null || other === null) return one === other
  return canonicalJson(scheduleData(one)) === canonicalJson(scheduleData(other))
}

/** Whether both fire at the same times, and for the same tenant. */
function hasSameTimes(one: ScheduleData | null, other: ScheduleData | null): boolean {
  if (one === null || other === null) return false
  const timesOf = ({ cron, timeZone = 'UTC', tenant = 'default' }: ScheduleData): string =>
    canonicalJson([cron, timeZone, tenant])
  return timesOf(one) === timesOf(other)
}

/** A fire that was given up once is not started any more. */
function carried({ nextAt: _next, pending, ...rest }: SchedulerState, doubt: 'start' | 'look'): SchedulerState {
  if (!pending) return rest
  return {
    ...rest,
    pending: pending.map((fire): PendingFire => ({ ...fire, doubt: fire.doubt === 'look' ? 'look' : doubt })),
  }
}
