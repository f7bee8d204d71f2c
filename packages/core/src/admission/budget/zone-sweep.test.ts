import { expect, test } from 'vitest'
import { seededRandom } from '../../base/seeded-random.ts'
import { periodOf, type Period } from './period.ts'
import { isTimeZone, localTimeOf } from './time-zone.ts'

// B8: each instant belongs to exactly one period, in every zone there is, also around the changes of its clocks.

const dayMs = 86_400_000
const units = ['day', 'week', 'month'] as const
const zones = Intl.supportedValuesOf('timeZone')

type FindPeriod = typeof periodOf

/** Instants of a year at which the clocks of a zone change, to the hour. */
function changesOf(timeZone: string, from: number): readonly number[] {
  const local = localTimeOf(timeZone)
  const offset = (at: number): number => local(at) - at
  const found: number[] = []
  for (let at = from; at < from + 365 * dayMs; at += 20 * dayMs) {
    let [low, high] = [at, at + 20 * dayMs]
    if (offset(low) === offset(high)) continue
    while (high - low > 3_600_000) {
      const middle = Math.floor((low + high) / 2)
      if (offset(middle) === offset(low)) low = middle
      else high = middle
    }
    found.push(high)
  }
  return found
}

/** What is wrong with the period of an instant: nothing, if its neighbours begin where it ends. */
function faultAt(find: FindPeriod, period: (typeof units)[number], timeZone: string, at: number): string | undefined {
  const budget = { period, timeZone }
  const own = find(budget, at)
  const idAt = (when: number): string => find(budget, when).id
  if (at < own.startsAt || at >= own.endsAt) return 'does not hold its instant'
  if (idAt(own.startsAt) !== own.id || idAt(own.endsAt - 1) !== own.id) return 'does not hold its own ends'
  if (idAt(own.startsAt - 1) === own.id) return 'begins late'
  const next = find(budget, own.endsAt)
  return next.startsAt === own.endsAt && next.id > own.id ? undefined : 'leaves a gap or overlaps'
}

test('each instant is in exactly one period, in all zones', () => {
  const random = seededRandom('zones')
  const faults: string[] = []
  for (const timeZone of zones) {
    const year = Date.UTC(2005 + Math.floor(random.next() * 25), 0, 1)
    const changes = changesOf(timeZone, year).flatMap((at) => [at - 3_600_000, at])
    const anyTime = year + Math.floor(random.next() * 365 * dayMs)
    // Weeks and months are made of days: what the change of clocks does to a day it does to them.
    const instants = [...changes.map((at) => ['day', at] as const), ...units.map((unit) => [unit, anyTime] as const)]
    for (const [unit, at] of instants) {
      const fault = faultAt(periodOf, unit, timeZone, at)
      if (fault !== undefined) faults.push(`${unit} of ${timeZone} at ${new Date(at).toISOString()} ${fault}`)
    }
  }
  expect(zones.length).toBeGreaterThan(300)
  expect(faults).toEqual([])
}, 20_000)

test('a day that always has 24 hours is caught', () => {
  const naive: FindPeriod = ({ timeZone = 'UTC' }, at): Period => {
    const offset = localTimeOf(timeZone)(at) - at
    const startsAt = Math.floor((at + offset) / dayMs) * dayMs - offset
    const id = new Date(startsAt + offset).toISOString().slice(0, 10)
    return { id, startsAt, endsAt: startsAt + dayMs, window: [] }
  }
  const [change = 0] = changesOf('Europe/Berlin', Date.UTC(2026, 0, 1))
  expect(faultAt(naive, 'day', 'Europe/Berlin', change)).toBeDefined()
  expect(faultAt(periodOf, 'day', 'Europe/Berlin', change)).toBeUndefined()
})

test('zones are known by name', () => {
  expect(isTimeZone('Europe/Berlin')).toBe(true)
  expect(isTimeZone('Europe/Nowhere')).toBe(false)
  expect(isTimeZone('')).toBe(false)
})
