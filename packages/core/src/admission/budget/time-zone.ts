import { MeepoError } from '../../base/errors.ts'

/** Milliseconds since 1970 → what the clocks of a zone show then, as if it were UTC. */
export type LocalTime = (at: number) => number

type Field = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'

const zones = new Map<string, LocalTime>()

/** Whether there is an IANA zone of that name. */
export function isTimeZone(name: string): boolean {
  return formatOf(name) !== undefined
}

/** The clocks of an IANA zone. Throws `config.invalid` when there is none of that name. */
export function localTimeOf(timeZone: string): LocalTime {
  const known = zones.get(timeZone)
  if (known !== undefined) return known
  const format = formatOf(timeZone)
  if (format === undefined) throw new MeepoError('config.invalid', `there is no time zone ${timeZone}`)
  const local: LocalTime = (at) => {
    const fields: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(at)) fields[type] = Number(value)
    // All of them were asked for.
    const { year, month, day, hour, minute, second } = fields as Record<Field, number>
    return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1000) + 1000) % 1000)
  }
  zones.set(timeZone, local)
  return local
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    // The documented answer to a name that is no zone.
    return undefined
  }
}

const dayMs = 86_400_000

/**
 * The first instant at which the clocks of a zone show `shown` or later. Clocks that are put forward may skip the
 * time, clocks that are put back show it twice: either way there is one first instant.
 */
export function firstInstant(local: LocalTime, shown: number): number {
  const offsets = [shown - 1.5 * dayMs, shown + 1.5 * dayMs].map((at) => local(at) - at)
  // Before the first of these no clock can show it, at the second every clock does.
  let before = shown - Math.max(...offsets)
  let there = shown - Math.min(...offsets)
  if (local(before) >= shown) return before
  while (there - before > 1) {
    const middle = Math.floor((before + there) / 2)
    if (local(middle) >= shown) there = middle
    else before = middle
  }
  return there
}
