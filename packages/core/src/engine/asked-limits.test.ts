import { expect, test } from 'vitest'
import { askedLimits } from './asked-limits.ts'

test('a budget in dollars is a limit in pico-dollars', () => {
  expect(askedLimits({})).toEqual({})
  expect(askedLimits({ budget: '$0.50', limits: { maxTurns: 3 } })).toEqual({
    maxTurns: 3,
    picoDollars: '500000000000',
  })
  expect(askedLimits({ limits: { picoDollars: '7' } })).toEqual({ picoDollars: '7' })
})

test('amounts that are none, and two amounts, are refused', () => {
  expect(() => askedLimits({ budget: '-1' })).toThrow('no amount')
  expect(() => askedLimits({ limits: { picoDollars: '-1' } })).toThrow('not below 0')
  expect(() => askedLimits({ limits: { picoDollars: '1.5' } })).toThrow('no amount')
  expect(() => askedLimits({ budget: 1, limits: { picoDollars: '1' } })).toThrow('give one')
  const limits = { unpriced: 'sometimes' as 'deny' }
  expect(() => askedLimits({ budget: 1, limits })).toThrow('unknown unpriced')
})
