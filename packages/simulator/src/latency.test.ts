import { expect, test } from 'vitest'

import { seededRandom } from './chance.ts'
import { planLatency } from './latency.ts'

test('an answer without latency waits nowhere and its chunks are not even counted', () => {
  const plan = planLatency({}, 1, 1, () => expect.unreachable('counted'))
  expect(plan).toEqual({ headersMs: 0, chunksMs: [], totalMs: 0 })
})

test('each wait comes before its part and the total is their sum', () => {
  const latency = { headersMs: 50, firstChunkMs: 20, perChunkMs: 5 }
  expect(planLatency(latency, 1, 1, () => 3)).toEqual({ headersMs: 50, chunksMs: [20, 5, 5], totalMs: 80 })
})

test('jitter is added to waits that are there, within its bound', () => {
  const { headersMs, chunksMs } = planLatency({ headersMs: 50, perChunkMs: 5, jitterMs: 10 }, 7, 3, () => 4)
  expect(headersMs).toBeGreaterThanOrEqual(50)
  expect(headersMs).toBeLessThan(60)
  expect(chunksMs[0]).toBe(0)
  for (const ms of chunksMs.slice(1)) {
    expect(ms).toBeGreaterThanOrEqual(5)
    expect(ms).toBeLessThan(15)
  }
})

test('jitter alone delays the headers', () => {
  const { headersMs, chunksMs } = planLatency({ jitterMs: 10 }, 7, 3, () => 4)
  expect(headersMs).toBeGreaterThan(0)
  expect(chunksMs).toEqual([])
})

test('the same seed and number draw the same waits, another of either draws others', () => {
  const draw = (seed: number, number: number): number =>
    planLatency({ headersMs: 10, jitterMs: 100 }, seed, number, () => 0).headersMs
  expect(draw(1, 1)).toBe(draw(1, 1))
  expect(new Set([draw(1, 1), draw(1, 2), draw(2, 1), draw(2, 2)]).size).toBe(4)
})

test('chance is spread evenly', () => {
  const counts = Array.from({ length: 10 }, () => 0)
  for (let number = 0; number < 2000; number += 1) {
    const bucket = Math.floor(seededRandom(42, number)() * 10)
    counts[bucket] = (counts[bucket] ?? 0) + 1
  }
  for (const count of counts) {
    expect(count).toBeGreaterThan(140)
    expect(count).toBeLessThan(260)
  }
})
