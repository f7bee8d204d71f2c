import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MeepoError } from '@meepo/core'
import { cronTimes } from './cron-times.ts'

function timesBetween(cron: string, timeZone: string, from: string, to: string): readonly string[] {
  const times = cronTimes('w', { cron, timeZone })
  const found: string[] = []
  for (let at = times.next(Date.parse(from)); at !== undefined && at <= Date.parse(to); at = times.next(at))
    found.push(new Date(at).toISOString().slice(5, 16))
  return found
}

test('times are those of the time zone, winter and summer', () => {
  expect(timesBetween('0 7 * * MON-FRI', 'Europe/Berlin', '2026-03-27T00:00Z', '2026-03-31T00:00Z')).toEqual([
    '03-27T06:00',
    '03-30T05:00',
  ])
  expect(timesBetween('@daily', 'UTC', '2026-01-01T00:00Z', '2026-01-02T12:00Z')).toEqual(['01-02T00:00'])
  expect(cronTimes('w', { cron: ' */2 * * * * * ' }).next(0)).toBe(2_000)
})

test('a time of day that the clocks leave out is moved behind the gap', () => {
  expect(timesBetween('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', '2026-03-30T12:00Z')).toEqual([
    '03-29T01:00',
    '03-30T00:30',
  ])
})

test('a time of day that comes twice counts once', () => {
  expect(timesBetween('0,30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', '2026-10-25T12:00Z')).toEqual([
    '10-25T00:00',
    '10-25T00:30',
  ])
})

test('a rhythm goes on through the hour that comes twice', () => {
  expect(timesBetween('*/30 * * * *', 'Europe/Berlin', '2026-10-24T23:45Z', '2026-10-25T02:15Z')).toEqual([
    '10-25T00:00',
    '10-25T00:30',
    '10-25T01:00',
    '10-25T01:30',
    '10-25T02:00',
  ])
})

test.each([
  ['', 'UTC', 'cron', /1 field and not/],
  ['* * * *', 'UTC', 'cron', /4 fields and not 5 or 6/],
  ['* * * * * * 2027', 'UTC', 'cron', /7 fields/],
  ['61 * * * *', 'UTC', 'cron', /minute/],
  ['a b c d e', 'UTC', 'cron', /"a b c d e"/],
  ['@sometimes', 'UTC', 'cron', /@sometimes/],
  ['? * * * *', 'UTC', 'cron', /has a \?/],
  ['2030-01-01T00:00:00', 'UTC', 'cron', /1 field and not/],
  ['0 0 30 2 *', 'UTC', 'cron', /never comes/],
  ['* * * * *', 'Mars/Olympus', 'timeZone', /there is no time zone "Mars\/Olympus"/],
  ['* * * * *', '', 'timeZone', /time zone ""/],
  ['* * * * *', '+02:00', 'timeZone', /no IANA name/],
])('refuses %j in %j, naming the field', (cron, timeZone, field, message) => {
  let thrown: unknown
  try {
    cronTimes('w', { cron, timeZone })
  } catch (error) {
    thrown = error
  }
  expect(MeepoError.is(thrown) && [thrown.code, thrown.details?.['field']]).toEqual([
    'schedule.invalid',
    `schedule.${field}`,
  ])
  expect(String(thrown)).toMatch(message)
})

const field = (low: number, high: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constant('*'),
    fc.integer({ min: low, max: high }).map(String),
    fc.integer({ min: 2, max: Math.floor((high - low) / 2) }).map((step) => `*/${step}`),
    fc.uniqueArray(fc.integer({ min: low, max: high }), { minLength: 2, maxLength: 3 }).map((all) => all.join(',')),
  )
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata', 'America/Sao_Paulo']

test('looking back finds what looking forward finds, across every change of the clocks', () => {
  const crons = fc.tuple(field(0, 59), field(0, 23)).map(([minute, hour]) => `${minute} ${hour} * * *`)
  fc.assert(
    fc.property(crons, fc.constantFrom(...zones), fc.integer({ min: 0, max: 365 * 24 }), (cron, timeZone, hours) => {
      const times = cronTimes('w', { cron, timeZone })
      const from = Date.UTC(2026, 0, 1) + hours * 3_600_000 + 1
      const forward: number[] = []
      for (let at = times.next(from); at !== undefined && forward.length < 8; at = times.next(at)) forward.push(at)
      expect(forward).toEqual([...new Set(forward)].toSorted((a, b) => a - b))
      expect(times.upTo(forward.at(-1) ?? 0, forward.length).toReversed()).toEqual(forward)
    }),
    { numRuns: 60 },
  )
})
