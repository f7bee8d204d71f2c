import { expect, test } from 'vitest'
import { checkLimits, type Limit } from './limit.ts'
import { toRule } from './rule.ts'

const rate: Limit = { name: 'one', scope: 'key', counts: 'tokens', amount: 100, per: 'minute' }

test('limits that make sense pass', () => {
  checkLimits([
    rate,
    { name: 'two', scope: 'global', counts: 'concurrent', amount: 3 },
    { name: 'three', scope: 'tenant', value: 'acme', counts: 'requests', amount: 5, per: 'day', burst: 10 },
  ])
})

// Limits may come from a file that nobody typed.
const wrong: readonly (readonly [what: string, limit: object, says: string])[] = [
  ['no name', { ...rate, name: undefined }, 'needs a name'],
  ['an empty name', { ...rate, name: '' }, 'needs a name'],
  ['the name of cooldowns', { ...rate, name: 'cooldown' }, 'taken'],
  ['an unknown scope', { ...rate, scope: 'planet' }, 'unknown scope'],
  ['an unknown unit', { ...rate, counts: 'bananas' }, 'counts something unknown'],
  ['a value that is a number', { ...rate, value: 3 }, 'no text'],
  ['an empty value', { ...rate, value: '' }, 'no text'],
  ['a value on all calls', { ...rate, scope: 'global', value: 'x' }, 'global'],
  ['nothing allowed', { ...rate, amount: 0 }, 'whole amount'],
  ['less than nothing', { ...rate, amount: -1 }, 'whole amount'],
  ['half a token', { ...rate, amount: 0.5 }, 'whole amount'],
  ['an amount as text', { ...rate, amount: '5' }, 'whole amount'],
  ['more than can be counted', { ...rate, amount: 1e13 }, 'whole amount'],
  ['slots by the minute', { ...rate, counts: 'concurrent' }, 'no per'],
  ['slots with a burst', { ...rate, counts: 'concurrent', per: undefined, burst: 2 }, 'no burst'],
  ['a rate without time', { ...rate, per: undefined }, 'needs per'],
  ['an unknown period', { ...rate, per: 'fortnight' }, 'needs per'],
  ['a period of the prototype', { ...rate, per: 'toString' }, 'needs per'],
  ['no burst at all', { ...rate, burst: 0 }, 'whole burst'],
  ['a burst without bound', { ...rate, burst: 100_001 }, '1,000 times'],
]

test.each(wrong)('%s is refused, and the limit is named', (_, limit, says) => {
  expect(() => checkLimits([limit as Limit])).toThrow(says)
  expect(() => checkLimits([limit as Limit])).toThrow(JSON.stringify((limit as Limit).name) ?? 'undefined')
})

test('two limits cannot have one name', () => {
  expect(() => checkLimits([rate, rate])).toThrow('"one" has the name of another one')
})

test('refills are whole units, whatever the amount', () => {
  for (const [amount, per, burst] of [
    [60, 'minute', undefined],
    [7, 'day', undefined],
    [2_000_000_000, 'day', undefined],
    [999_999_999_989, 'day', undefined],
    [1_000_000_007, 'hour', 1_000_000_007_000],
    [1, 'day', 1_000],
  ] as const) {
    const rule = toRule({ ...rate, amount, per, ...(burst === undefined ? {} : { burst }) })
    const periodMs = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[per]
    const aPeriod = (rule.rate * periodMs) / rule.unit
    expect(Number.isInteger(rule.rate / 100) && rule.rate > 0).toBe(true)
    expect(Number.isSafeInteger(rule.capacity * rule.unit)).toBe(true)
    expect(aPeriod).toBeLessThanOrEqual(amount)
    expect(aPeriod).toBeGreaterThan(amount * 0.999)
  }
})
