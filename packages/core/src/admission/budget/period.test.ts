import { expect, test } from 'vitest'
import type { Budget } from './budget.ts'
import { periodOf } from './period.ts'

const hourMs = 3_600_000
const at = (text: string): number => Date.parse(text)
const stretch = (budget: Pick<Budget, 'period' | 'timeZone' | 'weekStart'>, when: string): object => {
  const { id, startsAt, endsAt } = periodOf(budget, at(when))
  return { id, from: new Date(startsAt).toISOString(), hours: (endsAt - startsAt) / hourMs }
}

test('a day has 24 hours, 23 when clocks go forward and 25 when they go back', () => {
  const day = { period: 'day', timeZone: 'Europe/Berlin' } as const
  expect(stretch(day, '2026-11-21T23:30:00Z')).toEqual({
    id: '2026-11-22',
    from: '2026-11-21T23:00:00.000Z',
    hours: 24,
  })
  expect(stretch(day, '2026-03-29T12:00:00Z')).toEqual({
    id: '2026-03-29',
    from: '2026-03-28T23:00:00.000Z',
    hours: 23,
  })
  expect(stretch(day, '2026-10-25T12:00:00Z')).toEqual({
    id: '2026-10-25',
    from: '2026-10-24T22:00:00.000Z',
    hours: 25,
  })
})

test('a day whose midnight does not exist begins when the clocks go on', () => {
  const day = { period: 'day', timeZone: 'America/Sao_Paulo' } as const
  expect(stretch(day, '2018-11-04T12:00:00Z')).toEqual({
    id: '2018-11-04',
    from: '2018-11-04T03:00:00.000Z',
    hours: 23,
  })
})

test('a day that is shown again after it was over stays over', () => {
  const day = { period: 'day', timeZone: 'America/St_Johns' } as const
  // At 00:01 on the 7th the clocks went back to 23:01 on the 6th.
  expect(periodOf(day, at('2010-11-07T02:30:30Z')).id).toBe('2010-11-07')
  expect(periodOf(day, at('2010-11-07T03:00:00Z')).id).toBe('2010-11-07')
  expect(periodOf(day, at('2010-11-07T02:29:00Z')).id).toBe('2010-11-06')
})

test('a day that a zone skips is nobody’s', () => {
  const day = { period: 'day', timeZone: 'Pacific/Apia' } as const
  const before = periodOf(day, at('2011-12-30T09:59:59Z'))
  expect(before.id).toBe('2011-12-29')
  expect(periodOf(day, before.endsAt).id).toBe('2011-12-31')
})

test('a week begins on the day that was said, Monday otherwise', () => {
  expect(stretch({ period: 'week' }, '2026-11-22T23:59:59Z')).toEqual({
    id: 'week-2026-11-16',
    from: '2026-11-16T00:00:00.000Z',
    hours: 168,
  })
  expect(periodOf({ period: 'week', weekStart: 'sunday' }, at('2026-11-22T00:00:00Z')).id).toBe('week-2026-11-22')
})

test('a month ends in the right year', () => {
  expect(stretch({ period: 'month', timeZone: 'Asia/Kathmandu' }, '2026-12-31T18:00:00Z')).toEqual({
    id: '2026-12',
    from: '2026-11-30T18:15:00.000Z',
    hours: 744,
  })
  expect(periodOf({ period: 'month' }, at('2027-01-01T00:00:00Z')).id).toBe('2027-01')
})

test('a rolling budget counts the hours before, so that no window of its length holds more', () => {
  expect(periodOf({ period: { rollingHours: 2 } }, at('2026-11-21T00:59:59Z'))).toEqual({
    id: '2026-11-21T00',
    startsAt: at('2026-11-21T00:00:00Z'),
    endsAt: at('2026-11-21T01:00:00Z'),
    window: ['2026-11-20T23', '2026-11-20T22'],
  })
  expect(periodOf({ period: 'hour' }, at('2026-11-21T00:59:59Z')).window).toEqual([])
})

test('an endless budget has one period', () => {
  expect(periodOf({ period: 'forever' }, 0)).toEqual({
    id: 'forever',
    startsAt: -Infinity,
    endsAt: Infinity,
    window: [],
  })
  expect(periodOf({ period: 'run' }, 0).id).toBe('run')
})

test('a zone that does not exist is refused', () => {
  expect(() => periodOf({ period: 'day', timeZone: 'Mars/Olympus' }, 0)).toThrow(
    expect.objectContaining({ code: 'config.invalid' }),
  )
})

test('instants before 1970 and fractions of a second have their period', () => {
  expect(periodOf({ period: 'day' }, -1).id).toBe('1969-12-31')
  expect(periodOf({ period: 'day' }, at('2026-11-21T00:00:00.001Z')).id).toBe('2026-11-21')
})
