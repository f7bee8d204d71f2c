import { expect, test } from 'vitest'
import { firstInstant, type LocalTime } from './time-zone.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

/** Clocks that show UTC until `change`, then `by` more. */
const clocks =
  (change: number, by: number): LocalTime =>
  (at) =>
    at < change ? at : at + by

test('a time that clocks skip begins when they go on, wherever in the gap it lies', () => {
  const change = 10 * dayMs - 30 * minuteMs
  expect(firstInstant(clocks(change, 60 * minuteMs), 10 * dayMs)).toBe(change)
  expect(firstInstant(clocks(change, 30 * minuteMs), 10 * dayMs)).toBe(change)
})

test('a time that clocks show twice begins the first time', () => {
  const change = 10 * dayMs + 30 * minuteMs
  expect(firstInstant(clocks(change, -60 * minuteMs), 10 * dayMs)).toBe(10 * dayMs)
})

test('a time that is shown once is where it is', () => {
  expect(firstInstant((at) => at, 10 * dayMs)).toBe(10 * dayMs)
  const change = 10 * dayMs - 120 * minuteMs
  expect(firstInstant(clocks(change, -60 * minuteMs), 10 * dayMs)).toBe(10 * dayMs + 60 * minuteMs)
})
