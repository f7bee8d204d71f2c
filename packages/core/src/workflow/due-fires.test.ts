import fc from 'fast-check'
import { expect, test } from 'vitest'
import { every } from '../../test/schedule-world.ts'
import { dueFires, isTooLate } from './due-fires.ts'

const cron = '* * * * * *'

test('the fire that is just due is started, whatever becomes of missed ones', () => {
  for (const missed of ['skip', 'latest', 'all'] as const)
    expect(dueFires({ cron, missed }, every(10), 20, 31)).toEqual({ fires: [30] })
  expect(dueFires({ cron }, every(10), 30, 35)).toEqual({ fires: [] })
})

test('of missed fires the last one is started, or the last so many', () => {
  expect(dueFires({ cron }, every(10), 20, 59)).toEqual({ fires: [50], missed: { at: 40, count: 2 } })
  expect(dueFires({ cron, missed: 'all' }, every(10), 20, 59)).toEqual({ fires: [30, 40, 50] })
  expect(dueFires({ cron, missed: 'all', maxMissed: 2 }, every(10), 20, 59)).toEqual({
    fires: [40, 50],
    missed: { at: 30, count: 1 },
  })
})

test('of the dropped ones a thousand are counted', () => {
  expect(dueFires({ cron }, every(1), 0, 5_000)).toEqual({ fires: [5_000], missed: { at: 4_999, count: 1_000 } })
})

test('fires of skip are too late after their grace, others never are', () => {
  expect(isTooLate({ cron, missed: 'skip' }, 0, 60_000)).toBe(false)
  expect(isTooLate({ cron, missed: 'skip' }, 0, 60_001)).toBe(true)
  expect(isTooLate({ cron, missed: 'skip', graceMs: 5 }, 0, 6)).toBe(true)
  expect(isTooLate({ cron, missed: 'latest' }, 0, 1e9)).toBe(false)
})

test('however the time is cut, all takes each fire once and latest at most one for each cut', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 20 }),
      (step, waits) => {
        let after = 7
        const all: number[] = []
        for (const wait of waits) {
          const now = after + wait
          const { fires } = dueFires({ cron, missed: 'all', maxMissed: 1_000 }, every(step), after, now)
          const latest = dueFires({ cron }, every(step), after, now)
          expect(latest.fires).toEqual(fires.slice(-1))
          expect(latest.missed?.count ?? 0).toBe(Math.max(0, fires.length - 1))
          expect(latest.missed?.at).toBe(fires.at(-2))
          all.push(...fires)
          after = now
        }
        const expected = Array.from({ length: Math.floor(after / step) }, (_, index) => (index + 1) * step)
        expect(all).toEqual(expected.filter((at) => at > 7))
      },
    ),
  )
})
