import { expect, test } from 'vitest'
import { forecast } from './forecast.ts'
import { periodOf } from './period.ts'

const start = Date.parse('2026-11-21T00:00:00Z')
const hourMs = 3_600_000
const day = periodOf({ period: 'day' }, start)

test('spending that goes on as it did reaches the limit before the period ends', () => {
  expect(forecast(day, start + 6 * hourMs, 40n, 100n)).toEqual({ picoDollars: 160n, limitAt: start + 15 * hourMs })
})

test.each<[string, Parameters<typeof forecast>]>([
  ['spending that stays below the limit', [day, start + 6 * hourMs, 25n, 100n]],
  ['nothing spent', [day, start + 6 * hourMs, 0n, 100n]],
  ['a limit that is reached already', [day, start + 6 * hourMs, 100n, 100n]],
  ['the first tenth of a period', [day, start + 2 * hourMs, 90n, 100n]],
  ['an instant behind the period', [day, start + 25 * hourMs, 99n, 100n]],
  ['an endless period', [periodOf({ period: 'forever' }, start), start, 90n, 100n]],
  ['a rolling window', [periodOf({ period: { rollingHours: 1 } }, start), start + hourMs / 2, 90n, 100n]],
])('tells nothing for %s', (_, given) => {
  expect(forecast(...given)).toBeUndefined()
})
