/** Calendar arithmetic on `YYYY-MM-DD`. Nothing here reads a clock: "today" is the as-of date of the company. */

const dayMs = 86_400_000

/** Whether the text is a day that exists in the calendar. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const time = Date.parse(`${text}T00:00:00Z`)
  return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text
}

/** The day that lies `days` after `day` (before it when negative). */
export function addDays(day: string, days: number): string {
  return new Date(dayNumber(day) * dayMs + days * dayMs).toISOString().slice(0, 10)
}

/** Days from `from` to `to`; negative when `to` is earlier. */
export function daysBetween(from: string, to: string): number {
  return dayNumber(to) - dayNumber(from)
}

/** Whole months from `from` to `to`, counting a month only when its day is reached. */
export function monthsBetween(from: string, to: string): number {
  const months = (yearOf(to) - yearOf(from)) * 12 + Number(to.slice(5, 7)) - Number(from.slice(5, 7))
  return to.slice(8) < from.slice(8) ? months - 1 : months
}

/** Day of the week, 0 is Sunday. */
export function weekday(day: string): number {
  return new Date(dayNumber(day) * dayMs).getUTCDay()
}

function dayNumber(day: string): number {
  return Math.floor(Date.parse(`${day}T00:00:00Z`) / dayMs)
}

function yearOf(day: string): number {
  return Number(day.slice(0, 4))
}
