import { Cron } from 'croner'
import { invalidSchedule, type FireTimes, type MeepoError, type ScheduleData } from '@meepo/core'

/**
 * The times of a schedule. A time of day that the clocks leave out, as 02:30 on the day when summer time begins, is moved to
 * the first moment after the gap; one that comes twice counts once. Schedules with `*` or a step in their seconds, minutes or
 * hours keep their rhythm instead. Throws `schedule.invalid`.
 */
export function cronTimes(workflow: string, { cron, timeZone = 'UTC' }: ScheduleData): FireTimes {
  const fields = cron.trim().split(/\s+/)
  if (!/^@[a-z]+$/i.test(cron.trim()) && fields.length !== 5 && fields.length !== 6)
    throw invalid(workflow, 'cron', `${JSON.stringify(cron)} has ${countOf(fields.length)} and not 5 or 6`)
  // It would mean the moment at which a process began.
  if (cron.includes('?')) throw invalid(workflow, 'cron', `${JSON.stringify(cron)} has a ?: write * or a number`)
  checkTimeZone(workflow, timeZone)
  const job = parse(workflow, cron, timeZone)
  const next = (after: number): number | undefined => job.nextRun(new Date(after))?.getTime()
  if (next(0) === undefined) throw invalid(workflow, 'cron', `${JSON.stringify(cron)} never comes`)
  return {
    next,
    // Croner looks before a moment; fires lie on whole seconds.
    upTo: (at, count) => job.previousRuns(count, new Date(at + 1)).map((date) => date.getTime()),
  }
}

function parse(workflow: string, cron: string, timezone: string): Cron {
  try {
    return new Cron(cron.trim(), { timezone, paused: true, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' })
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : String(cause)
    throw invalid(workflow, 'cron', `${JSON.stringify(cron)}: ${why}`, cause)
  }
}

function checkTimeZone(workflow: string, timeZone: string): void {
  try {
    // Throws for a zone that there is not; an offset has no summer time and is no zone.
    new Intl.DateTimeFormat('en', { timeZone })
    if (/^[A-Za-z]/.test(timeZone)) return
  } catch (cause) {
    throw invalid(workflow, 'timeZone', `there is no time zone ${JSON.stringify(timeZone)}`, cause)
  }
  throw invalid(workflow, 'timeZone', `${JSON.stringify(timeZone)} is no IANA name, as Europe/Berlin is`)
}

function countOf(fields: number): string {
  return fields === 1 ? '1 field' : `${fields} fields`
}

function invalid(workflow: string, field: string, problem: string, cause?: unknown): MeepoError {
  return invalidSchedule(workflow, `schedule.${field}`, problem, cause)
}
