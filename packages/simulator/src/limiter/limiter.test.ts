import { expect, test } from 'vitest'

import { Limiter } from './limiter.ts'
import type { Admission } from './limiter.ts'
import type { SimulatorLimit } from './limit.ts'

function limiterOf(...limits: SimulatorLimit[]): { limiter: Limiter; pass: (ms: number) => void } {
  let now = 1_000_000
  return {
    limiter: new Limiter('p', limits, () => now),
    pass: (ms) => {
      now += ms
    },
  }
}

const small = { inputTokens: 10, outputTokens: 20 }

function settle(admission: Admission, inputTokens: number, outputTokens: number): void {
  if (!admission.isAdmitted) throw new Error(`refused by ${admission.unit}`)
  admission.settle({ inputTokens, outputTokens, cachedInputTokens: 0 })
}

test('requests pass up to the rate of each key and model, and are told when to come back', () => {
  const { limiter, pass } = limiterOf({ requestsPerMinute: 60, burstSeconds: 2 })
  const ask = (key: string, model: string): boolean => limiter.admit(key, model, small).isAdmitted
  expect([ask('a', 'm'), ask('a', 'm'), ask('a', 'm')]).toEqual([true, true, false])
  expect([ask('b', 'm'), ask('a', 'n')]).toEqual([true, true])
  expect(limiter.admit('a', 'm', small)).toMatchObject({ isAdmitted: false, unit: 'requests', limit: 60, waitMs: 1000 })
  pass(1000)
  expect(ask('a', 'm')).toBe(true)
  expect(limiter.report()).toMatchObject([
    { provider: 'p', key: 'a', model: 'm', unit: 'requests', highestAdmitted: 3, highestSeen: 5, refused: 2 },
    { key: 'b', model: 'm', highestAdmitted: 1, refused: 0 },
    { key: 'a', model: 'n' },
  ])
})

test('tokens are expected to be as many as a request allows, and corrected by what it used', () => {
  const { limiter } = limiterOf({ tokensPerMinute: 60 })
  const first = limiter.admit('', 'm', small)
  expect(first.states).toMatchObject([{ unit: 'tokens', limit: 60, remaining: 30 }])
  const second = limiter.admit('', 'm', small)
  expect(limiter.admit('', 'm', small)).toMatchObject({ isAdmitted: false, unit: 'tokens', waitMs: 30_000 })
  settle(first, 10, 0)
  settle(second, 10, 5)
  expect(limiter.admit('', 'm', small).isAdmitted).toBe(true)
  expect(limiter.report()).toMatchObject([{ key: '*', highestAdmitted: 25, highestSeen: 120, refused: 1 }])
})

test('output tokens are counted when they come: a debt keeps the next one out', () => {
  const { limiter, pass } = limiterOf({ outputTokensPerMinute: 60 })
  settle(limiter.admit('', 'm', small), 10, 90)
  expect(limiter.admit('', 'm', small)).toMatchObject({ isAdmitted: false, unit: 'output-tokens', waitMs: 31_000 })
  pass(31_000)
  expect(limiter.admit('', 'm', small).isAdmitted).toBe(true)
})

test('input tokens leave out what was cached', () => {
  const { limiter } = limiterOf({ inputTokensPerMinute: 100 })
  const admission = limiter.admit('', 'm', { inputTokens: 80, outputTokens: 0 })
  if (admission.isAdmitted) admission.settle({ inputTokens: 5, cachedInputTokens: 75, outputTokens: 3 })
  expect(limiter.report()).toMatchObject([{ unit: 'input-tokens', highestAdmitted: 5 }])
  expect(limiter.admit('', 'm', small).states).toMatchObject([{ remaining: 85 }])
})

test('open requests are counted, and the highest number of them is told', () => {
  const { limiter } = limiterOf({ concurrency: 2 })
  const [first] = [limiter.admit('', 'm', small), limiter.admit('', 'm', small)]
  expect(limiter.admit('', 'm', small)).toMatchObject({ isAdmitted: false, unit: 'concurrency', limit: 2 })
  settle(first, 1, 1)
  expect(limiter.admit('', 'm', small).isAdmitted).toBe(true)
  expect(limiter.report()).toMatchObject([{ unit: 'concurrency', highestAdmitted: 2, highestSeen: 3, refused: 1 }])
})

test('all or nothing: who is refused by one limit uses none', () => {
  const { limiter } = limiterOf({ requestsPerMinute: 10, concurrency: 1 })
  const first = limiter.admit('', 'm', small)
  expect(limiter.admit('', 'm', small).isAdmitted).toBe(false)
  settle(first, 1, 1)
  expect(limiter.admit('', 'm', small).states).toMatchObject([{ unit: 'requests', remaining: 8 }, {}])
})

test('an entry may be for one key, one model, or all models together', () => {
  const { limiter } = limiterOf({ key: 'a', requestsPerMinute: 1, acrossModels: true })
  expect(limiter.admit('a', 'm', small).isAdmitted).toBe(true)
  expect(limiter.admit('a', 'n', small).isAdmitted).toBe(false)
  expect(limiter.admit('b', 'm', small)).toMatchObject({ isAdmitted: true, states: [] })
  const other = limiterOf({ model: 'm', requestsPerMinute: 1 }).limiter
  expect(other.admit('a', 'n', small).states).toEqual([])
  expect(limiter.report()).toMatchObject([{ key: 'a', model: '*' }])
})
