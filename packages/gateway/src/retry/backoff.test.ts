import { expect, test } from 'vitest'

import { backoffMs, retryRule, type RetryOptions } from './backoff.ts'
import { checkRetry } from './check-retry.ts'
import { RetryBudget } from './retry-budget.ts'

const waits = (options: RetryOptions, draw = 1): number[] =>
  [1, 2, 3, 4, 5].map((repeat) => backoffMs(retryRule(options), repeat, draw))

test.each<[RetryOptions, number[]]>([
  [{}, [500, 1_000, 2_000, 4_000, 8_000]],
  [{ backoff: 'exponential', firstMs: 10, longestMs: 50 }, [10, 20, 40, 50, 50]],
  [{ backoff: 'linear', firstMs: 10 }, [10, 20, 30, 40, 50]],
  [{ backoff: 'fixed', firstMs: 10 }, [10, 10, 10, 10, 10]],
  [{ backoff: (repeat) => repeat ** 3, longestMs: 60 }, [1, 8, 27, 60, 60]],
  [{ backoff: () => Number.NaN }, [0, 0, 0, 0, 0]],
])('the waits of %j', (options, expected) => {
  expect(waits(options)).toEqual(expected)
})

test('full jitter draws from nothing to the whole wait; none takes the whole', () => {
  expect(waits({ backoff: 'fixed', firstMs: 100 }, 0)).toEqual([0, 0, 0, 0, 0])
  expect(waits({ backoff: 'fixed', firstMs: 100 }, 0.25)[0]).toBe(25)
  expect(waits({ backoff: 'fixed', firstMs: 100, jitter: 'none' }, 0.25)[0]).toBe(100)
})

test('the nearest layer wins, field by field', () => {
  const rule = retryRule({ firstMs: 1 }, { firstMs: 2, longestMs: 3 }, undefined)
  expect(rule).toMatchObject({ firstMs: 1, longestMs: 3, patienceMs: 5_000 })
})

test.each([
  [{ maxRetries: 6 }, 'maxRetries'],
  [{ maxRetries: -1 }, 'maxRetries'],
  [{ maxRetries: 1.5 }, 'maxRetries'],
  [{ retry: { firstMs: -1 } }, 'firstMs'],
  [{ retry: { patienceMs: Number.NaN } }, 'patienceMs'],
  [{ retry: { backoff: 'cubic' as 'linear' } }, 'backoff'],
  [{ retry: { jitter: 'some' as 'none' } }, 'jitter'],
])('%j is refused', (settings, what) => {
  expect(() => checkRetry('routes.x', settings)).toThrow(
    expect.objectContaining({ code: 'config.invalid', message: expect.stringContaining(`routes.x`) }),
  )
  expect(() => checkRetry('routes.x', settings)).toThrow(what)
})

test('repeats are a reserve, and then a tenth of what succeeds', () => {
  const budget = new RetryBudget()
  for (let count = 0; count < 100; count++) expect(budget.take('p')).toBe(true)
  expect(budget.take('p')).toBe(false)
  expect(budget.take('other')).toBe(true)
  for (let count = 0; count < 11; count++) budget.succeeded('p')
  expect(budget.take('p')).toBe(true)
  expect(budget.take('p')).toBe(false)
})
