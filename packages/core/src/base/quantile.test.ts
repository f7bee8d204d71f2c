import { expect, test } from 'vitest'
import { quantile } from './quantile.ts'

test('a quantile is one of the samples, and nothing of none', () => {
  expect([0, 0.5, 0.95, 1].map((share) => quantile([3, 1, 4, 2], share))).toEqual([1, 2, 4, 4])
  expect(quantile([7], 0.95)).toBe(7)
  expect(quantile([], 0.5)).toBe(0)
})
