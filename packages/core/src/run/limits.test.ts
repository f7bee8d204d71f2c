import { expect, test } from 'vitest'
import type { RunLimits } from '../log/events.ts'
import { narrowLimits, raisedLimits, startLimits } from './limits.ts'

const agent = { fallbackLimits: { picoDollars: '100' } }

test('an amount that somebody asked for minds calls without a price, the default of agents does not', () => {
  expect(startLimits(agent).unpriced).toBeUndefined()
  expect(startLimits(agent, { picoDollars: '7' }).unpriced).toBe('deny')
  expect(startLimits({ ...agent, limits: { picoDollars: '7' } }).unpriced).toBe('deny')
  expect(startLimits({ ...agent, limits: { maxTurns: 3 } }).unpriced).toBeUndefined()
})

test('what is said about calls without a price holds', () => {
  expect(startLimits(agent, { picoDollars: '7', unpriced: 'allow_flagged' }).unpriced).toBe('allow_flagged')
  const allowing = { limits: { picoDollars: '7', unpriced: 'assume_ceiling' } } as const
  expect(startLimits(allowing, { picoDollars: '9' })).toMatchObject({ picoDollars: '9', unpriced: 'assume_ceiling' })
  expect(startLimits(agent, { unpriced: 'deny' })).toMatchObject({ picoDollars: '100', unpriced: 'deny' })
})

test('a policy without an amount is refused', () => {
  expect(() => startLimits({}, { unpriced: 'deny' })).toThrow('goes with an amount')
  expect(() => narrowLimits({ activeMs: 1 }, {}, { unpriced: 'deny' })).toThrow('goes with an amount')
  expect(() => raisedLimits({ activeMs: 1 }, { unpriced: 'deny' })).toThrow('goes with an amount')
})

test.each<[RunLimits['unpriced'], RunLimits['unpriced'], string | undefined, RunLimits['unpriced']]>([
  [undefined, undefined, undefined, undefined],
  [undefined, undefined, '7', 'deny'],
  [undefined, 'allow_flagged', '7', 'allow_flagged'],
  ['deny', undefined, undefined, 'deny'],
  ['deny', 'allow_flagged', '7', 'deny'],
  ['allow_flagged', undefined, undefined, 'allow_flagged'],
  ['allow_flagged', undefined, '7', 'deny'],
  ['assume_ceiling', 'allow_flagged', '7', 'assume_ceiling'],
  ['allow_flagged', 'assume_ceiling', '7', 'assume_ceiling'],
])('below a run with %s, a child with %s and the amount %s has %s', (above, own, amount, wanted) => {
  const parent = { activeMs: 1, picoDollars: '50', ...(above === undefined ? {} : { unpriced: above }) }
  const asked = {
    ...(amount === undefined ? {} : { picoDollars: amount }),
    ...(own === undefined ? {} : { unpriced: own }),
  }
  expect(narrowLimits(parent, agent, asked).unpriced).toBe(wanted)
  expect(narrowLimits(parent, { ...agent, limits: asked }).unpriced).toBe(wanted)
})

test('more money minds calls without a price, unless the run was told otherwise', () => {
  const before = { activeMs: 1, picoDollars: '50' }
  expect(raisedLimits(before, {})).toEqual({})
  expect(raisedLimits(before, { maxTurns: 3 })).toEqual({ maxTurns: 3 })
  expect(raisedLimits(before, { picoDollars: '90' })).toEqual({ picoDollars: '90', unpriced: 'deny' })
  const allowing = { ...before, unpriced: 'allow_flagged' } as const
  expect(raisedLimits(allowing, { picoDollars: '90' })).toEqual({ picoDollars: '90' })
  const told = { picoDollars: '90', unpriced: 'allow_flagged' } as const
  expect(raisedLimits(before, told)).toEqual(told)
  expect(raisedLimits(before, { unpriced: 'deny' })).toEqual({ unpriced: 'deny' })
})
