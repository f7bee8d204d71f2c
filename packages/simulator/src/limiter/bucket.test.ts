import fc from 'fast-check'
import { expect, test } from 'vitest'

import { Bucket } from './bucket.ts'
import { MinuteWindow } from './minute-window.ts'

test('a full bucket gives its burst at once, and then its rate', () => {
  const bucket = new Bucket('requests', 60, 2, 0)
  bucket.take(1, 0)
  bucket.take(1, 0)
  expect(bucket.waitFor(1, 0)).toBe(1000)
  expect(bucket.waitFor(1, 999)).toBeGreaterThan(0)
  expect(bucket.waitFor(1, 1000)).toBe(0)
  expect(bucket.state(500)).toEqual({ unit: 'requests', limit: 60, remaining: 1, resetMs: 1000 })
})

test('what was used and not expected is a debt; what was not used comes back', () => {
  const bucket = new Bucket('tokens', 600, 100, 0)
  bucket.take(150, 0)
  expect(bucket.waitFor(1, 0)).toBe(5100)
  bucket.take(-500, 0)
  expect(bucket.state(0)).toMatchObject({ remaining: 100, resetMs: 0 })
})

test('a request larger than the bucket waits until it is full', () => {
  const bucket = new Bucket('tokens', 600, 100, 0)
  expect(bucket.waitFor(1000, 0)).toBe(0)
  bucket.take(100, 0)
  expect(bucket.waitFor(1000, 0)).toBe(10_000)
})

test('a clock that goes back gives nothing', () => {
  const bucket = new Bucket('requests', 60, 1, 1000)
  bucket.take(1, 1000)
  expect(bucket.waitFor(1, 0)).toBe(1000)
  expect(bucket.waitFor(1, 2000)).toBe(0)
})

test('the highest minute is the most that any minute of whole seconds held', () => {
  const arrivals = fc.array(fc.record({ gapMs: fc.nat(40_000), amount: fc.integer({ min: 1, max: 9 }) }), {
    maxLength: 60,
  })
  fc.assert(
    fc.property(arrivals, (list) => {
      const window = new MinuteWindow()
      const seen: { second: number; amount: number }[] = []
      let now = 0
      let highest = 0
      for (const { gapMs, amount } of list) {
        now += gapMs
        window.add(now, amount)
        const second = Math.floor(now / 1000)
        seen.push({ second, amount })
        const recent = seen.filter((one) => one.second > second - 60)
        highest = Math.max(
          highest,
          recent.reduce((sum, one) => sum + one.amount, 0),
        )
      }
      expect(window.highest).toBe(highest)
    }),
  )
})
