import { expect, test } from 'vitest'
import { alternate, median, quantile } from './rounds.ts'

test('the median of an even count is the mean of the two in the middle', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([3, 1, 2])).toBe(2)
  expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9)
  expect(() => median([])).toThrow('at least one value')
})

test('subjects take turns, and rounds of warm-up do not count', async () => {
  const order: string[] = []
  const subject = (name: string, values: number[]) => async () => {
    order.push(name)
    return { value: values.shift() ?? 0 }
  }
  const measured = await alternate(
    { rounds: 3, warmUp: 1 },
    { a: subject('a', [100, 1, 9, 2]), b: subject('b', [100, 5, 5, 6]) },
  )
  expect(measured).toEqual({ a: { value: 2 }, b: { value: 5 } })
  expect(order.join('')).toBe('abababab')
})
