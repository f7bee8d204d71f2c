import { MeepoError } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import type { ScheduleData } from '../graph/data/graph-data.ts'

/** One time at which a workflow is to be run. */
export interface Fire {
  /** Milliseconds since 1970. */
  readonly at: number
}

/** When a workflow runs, and with which input. */
export interface Schedule<I = unknown> extends ScheduleData {
  /**
   * The input of the runs; null unless said. A function must give the same for the same fire in every process: several of
   * them may ask, and one of them starts the run. It must not be async.
   */
  readonly input?: I | ((fire: Fire) => I)
}

/** The times of a schedule, in milliseconds since 1970. */
export interface FireTimes {
  /** The first fire behind `after`; undefined when there is none any more. */
  next(after: number): number | undefined
  /** The last `count` fires up to and including `at`, the newest first. */
  upTo(at: number, count: number): readonly number[]
}

const fields: readonly string[] = ['cron', 'timeZone', 'missed', 'maxMissed', 'graceMs', 'overlap', 'tenant', 'input']
const policies: readonly unknown[] = [undefined, 'skip', 'latest', 'all']
const overlaps: readonly unknown[] = [undefined, 'allow', 'skip']

/** Throws `schedule.invalid` for what makes no sense; whether `cron` and `timeZone` do is for whoever computes times. */
export function checkSchedule(workflow: string, schedule: ScheduleData): void {
  if (typeof schedule !== 'object')
    throw invalidSchedule(workflow, 'schedule', "must be an object, as { cron: '@daily' }")
  const { cron, timeZone, missed, maxMissed = 1, graceMs = 0, overlap, tenant } = schedule
  const wrong = (field: string, expected: string): never => {
    throw invalidSchedule(workflow, `schedule.${field}`, `must be ${expected}`)
  }
  for (const field of Object.keys(schedule))
    if (!fields.includes(field))
      throw invalidSchedule(workflow, `schedule.${field}`, `is no field of schedules; there are ${fields.join(', ')}`)
  if (typeof cron !== 'string' || cron.trim() === '') wrong('cron', "a text, as '0 7 * * MON-FRI'")
  if (timeZone !== undefined && typeof timeZone !== 'string') wrong('timeZone', 'a text')
  if (!policies.includes(missed)) wrong('missed', 'skip, latest or all')
  if (!(Number.isInteger(maxMissed) && maxMissed >= 1 && maxMissed <= 1_000))
    wrong('maxMissed', 'a whole number from 1 to 1000')
  if (!(Number.isFinite(graceMs) && graceMs >= 0)) wrong('graceMs', 'a number from 0')
  if (!overlaps.includes(overlap)) wrong('overlap', 'allow or skip')
  if (tenant !== undefined && (typeof tenant !== 'string' || tenant === '')) wrong('tenant', 'a text that is not empty')
}

/** `schedule.invalid` that names the field. */
export function invalidSchedule(workflow: string, field: string, problem: string, cause?: unknown): MeepoError {
  return new MeepoError('schedule.invalid', `workflow ${workflow}: ${field}: ${problem}`, {
    details: { workflow, field },
    ...(cause === undefined ? {} : { cause }),
  })
}

/** What of a schedule is recorded, and tells it from another one. */
export function scheduleData({
  cron,
  timeZone,
  missed,
  maxMissed,
  graceMs,
  overlap,
  tenant,
}: ScheduleData): ScheduleData & JsonObject {
  const given = Object.entries({ cron, timeZone, missed, maxMissed, graceMs, overlap, tenant })
  // The same fields, without those that are not there.
  return Object.fromEntries(given.filter(([, value]) => value !== undefined)) as unknown as ScheduleData & JsonObject
}
