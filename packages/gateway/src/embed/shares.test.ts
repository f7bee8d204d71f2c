import { array, assert, bigInt, nat, property } from 'fast-check'
import { expect, test } from 'vitest'

import { shares } from './shares.ts'

test('shares add up to the whole, and none is a unit or more from fair', () => {
  assert(
    property(bigInt({ min: 0n, max: 10n ** 15n }), array(nat(1_000), { minLength: 1 }), (amount, weights) => {
      const split = shares(amount, weights)
      expect(split.reduce((sum, share) => sum + share, 0n)).toBe(amount)
      const total = BigInt(weights.reduce((sum, weight) => sum + weight, 0))
      for (const [index, share] of split.entries()) {
        const fair = total === 0n ? amount : amount * BigInt(weights[index] ?? 0)
        const by = total === 0n ? BigInt(weights.length) : total
        expect(share * by - fair < by && fair - share * by < by).toBe(true)
      }
    }),
  )
})

test('nobody shares nothing', () => {
  expect(shares(5n, [])).toEqual([])
})
