// What the successor of a scheduler begins with. Nothing that was decided is lost between them: fires that the one before
// may have started are pending, so that none is started twice and none overlaps with a run that nobody recorded.

import { canonicalJson } from '../base/json.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'
import { scheduleData } from './schedule.ts'
import type { PendingFire, SchedulerInput, SchedulerState } from './scheduler-state.ts'

/** It goes on as before. */
export function handedOver(state: SchedulerState): SchedulerInput {
  return carried(state, 'start')
}

/** Another schedule, or none. What was missed is kept as long as the times and the tenant are the same. */
export function changedTo(schedule: ScheduleData | null, state: SchedulerState, now: number): SchedulerInput {
  if (hasSameTimes(schedule, state.schedule)) return { ...carried(state, 'start'), schedule }
  return { ...carried(state, 'look'), schedule, after: Math.max(now, state.after) }
}

/** It starts nothing any more, until somebody goes on. */
export function paused(state: SchedulerState): SchedulerInput {
  return { ...carried(state, 'look'), isPaused: true }
}

/** What was missed while it was paused is forgotten. */
export function resumed(state: SchedulerState, now: number): SchedulerInput {
  const { isPaused: _over, ...rest } = carried(state, 'look')
  return { ...rest, after: Math.max(now, state.after) }
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
function carried({ nextAt: _next, pending, ...rest }: SchedulerState, doubt: 'start' | 'look'): SchedulerInput {
  if (!pending) return rest
  return {
    ...rest,
    pending: pending.map((fire): PendingFire => ({ ...fire, doubt: fire.doubt === 'look' ? 'look' : doubt })),
  }
}
