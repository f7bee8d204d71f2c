import type { Budget, WeekDay } from './budget.ts'
import { firstInstant, localTimeOf } from './time-zone.ts'

/** One stretch of time of a budget. Stretches of a budget touch: each instant is in exactly one. */
export interface Period {
  /** Part of the key of its accounts; has no slash. */
  readonly id: string
  /** Milliseconds since 1970, inclusive; `-Infinity` for a budget that never starts anew. */
  readonly startsAt: number
  /** Exclusive; `Infinity` for a budget that never starts anew. Of a rolling one: when its window moves on. */
  readonly endsAt: number
  /** Ids of earlier stretches that count towards the limit too. */
  readonly window: readonly string[]
}

type Unit = 'day' | 'week' | 'month'

const hourMs = 3_600_000
const dayMs = 86_400_000
const noWindow: readonly string[] = []
const weekDays: readonly WeekDay[] = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

/**
 * The period of a budget that an instant is in. Nothing resets an account: a new period has a
 * new id, and with it a new counter.
 */
export function periodOf(budget: Pick<Budget, 'period' | 'timeZone' | 'weekStart'>, at: number): Period {
  const { period } = budget
  if (typeof period === 'object') return rollingPeriod(period.rollingHours, at)
  if (period === 'hour') return rollingPeriod(0, at)
  if (period === 'run' || period === 'forever') {
    return { id: period, startsAt: -Infinity, endsAt: Infinity, window: noWindow }
  }
  return calendarPeriod(period, budget, at)
}

/**
 * An hour of UTC, with as many hours before it as may lie within the window: one more than asked for, as this one has
 * just begun.
 */
function rollingPeriod(hours: number, at: number): Period {
  const startsAt = Math.floor(at / hourMs) * hourMs
  const window = Array.from({ length: hours }, (_, back) => hourId(startsAt - (back + 1) * hourMs))
  return { id: hourId(startsAt), startsAt, endsAt: startsAt + hourMs, window }
}

function calendarPeriod(unit: Unit, budget: Pick<Budget, 'timeZone' | 'weekStart'>, at: number): Period {
  const local = localTimeOf(budget.timeZone ?? 'UTC')
  const firstDay = weekDays.indexOf(budget.weekStart ?? 'monday')
  let shown = startOf(unit, local(at), firstDay)
  let startsAt = firstInstant(local, shown)
  for (;;) {
    const next = nextOf(unit, shown)
    const endsAt = firstInstant(local, next)
    if (at < endsAt) return { id: calendarId(unit, shown), startsAt, endsAt, window: noWindow }
    // Clocks were put back across midnight: the day before is shown again, but it is over.
    shown = next
    startsAt = endsAt
  }
}

function startOf(unit: Unit, shown: number, firstDay: number): number {
  const day = Math.floor(shown / dayMs) * dayMs
  const date = new Date(day)
  if (unit === 'day') return day
  if (unit === 'week') return day - ((date.getUTCDay() - firstDay + 7) % 7) * dayMs
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
}

function nextOf(unit: Unit, shown: number): number {
  if (unit === 'day') return shown + dayMs
  if (unit === 'week') return shown + 7 * dayMs
  const date = new Date(shown)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}

/** `2026-11-21`, `week-2026-11-16` (by its first day), `2026-11`. */
function calendarId(unit: Unit, shown: number): string {
  const date = new Date(shown).toISOString()
  if (unit === 'month') return date.slice(0, 7)
  return unit === 'day' ? date.slice(0, 10) : `week-${date.slice(0, 10)}`
}

/** `2026-11-21T13`. */
function hourId(at: number): string {
  return new Date(at).toISOString().slice(0, 13)
}
