import { expect, test } from 'vitest'
import type { Budget } from './budget.ts'
import { checkBudgets, dollarsOf } from './check-budgets.ts'

const good: Budget = { name: 'daily', scope: 'user', limit: 10, period: 'day' }
const problemOf = (...budgets: unknown[]): unknown => {
  try {
    // Whatever a configuration file may hold.
    checkBudgets(budgets as Budget[])
    return undefined
  } catch (thrown) {
    return thrown
  }
}

test('takes budgets of every scope and period', () => {
  checkBudgets([
    good,
    { ...good, name: 'soft', kind: 'soft', thresholds: [50, 100, 200], unpriced: 'allow_flagged', alertOn: 'both' },
    { ...good, name: 'bob', value: 'bob', limit: '$20.50', timeZone: 'UTC' },
    {
      name: 'week',
      scope: 'tag',
      value: 'team=red',
      limit: '1',
      period: 'week',
      weekStart: 'sunday',
      timeZone: 'Asia/Tokyo',
    },
    { name: 'run', scope: 'run', limit: 1, period: 'forever', onExceed: 'degrade' },
    { name: 'per-run', scope: 'agent', limit: 1, period: 'run', unpriced: 'assume_ceiling' },
    { name: 'rolling', scope: 'tenant', limit: 1, period: { rollingHours: 24 } },
  ])
})

test.each<[string, object]>([
  ['name', { name: '' }],
  ['name', { name: 'a/b' }],
  ['name', { name: 7 }],
  ['scope', { scope: 'planet' }],
  ['value', { value: '' }],
  ['team=red', { scope: 'tag', value: 'red' }],
  ['above $0', { limit: 0 }],
  ['in dollars', { limit: -1 }],
  ['in dollars', { limit: Number.NaN }],
  ['in dollars', { limit: Infinity }],
  ['in dollars', { limit: 'ten' }],
  ['in dollars', { limit: undefined }],
  ['percent', { limit: '10%' }],
  ['share', { limit: '0%', within: 'daily' }],
  ['share', { limit: '101%', within: 'daily' }],
  ['period', { period: 'year' }],
  ['period', { period: null }],
  ['rollingHours', { period: { rollingHours: 0 } }],
  ['rollingHours', { period: { rollingHours: 1.5 } }],
  ['rollingHours', { period: { rollingHours: 169 } }],
  ['forever', { scope: 'run', period: 'run' }],
  ['time zone', { timeZone: 'Mars/Olympus' }],
  ['time zone', { timeZone: 7 }],
  ['time zone', { period: 'hour', timeZone: 'UTC' }],
  ['weekStart', { weekStart: 'monday' }],
  ['weekStart', { period: 'week', weekStart: 'someday' }],
  ['hard or soft', { kind: 'firm' }],
  ['onExceed', { onExceed: 'throttle' }],
  ['onExceed', { kind: 'soft', onExceed: 'block' }],
  ['unpriced', { unpriced: 'guess' }],
  ['without a price', { kind: 'soft', unpriced: 'deny' }],
  ['alertOn', { alertOn: 'never' }],
  ['thresholds', { thresholds: [0] }],
  ['thresholds', { thresholds: ['80'] }],
  ['thresholds', { thresholds: 80 }],
  ['thresholds', { thresholds: Array.from({ length: 21 }, (_, index) => index + 1) }],
  ['twice', { thresholds: [80, 80] }],
  ['no budget', { within: 'nothing' }],
  ['itself', { within: 'daily' }],
])('refuses a budget with a bad %s: %j', (what, change) => {
  expect(problemOf({ ...good, ...change })).toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining(what),
  })
})

test('refuses two budgets of one name', () => {
  expect(problemOf(good, { ...good, period: 'hour' })).toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining('name of another one'),
  })
})

test('refuses budgets whose periods overlap: same scope, period and kind', () => {
  expect(problemOf(good, { ...good, name: 'again', limit: 5, timeZone: 'UTC' })).toMatchObject({
    code: 'config.invalid',
    message: expect.stringContaining('has the scope, period and kind of "daily"'),
  })
})

test('refuses budgets that are within each other, and those within such a loop', () => {
  const loop = [
    { ...good, name: 'a', within: 'b' },
    { ...good, name: 'b', period: 'hour', within: 'a' },
  ]
  expect(problemOf(...loop)).toMatchObject({ message: 'the budget "a" is within itself: a → b → a' })
  expect(problemOf({ ...good, name: 'c', period: 'week', within: 'a' }, ...loop)).toMatchObject({
    message: 'the budget "c" is within a loop of budgets',
  })
})

test('refuses a part of something narrower, and a part that is larger than the whole', () => {
  const wide: Budget = { name: 'wide', scope: 'tenant', limit: 5, period: 'day' }
  expect(problemOf({ ...wide, within: 'daily' }, good)).toMatchObject({ message: expect.stringContaining('narrower') })
  expect(problemOf(wide, { ...good, within: 'wide' })).toMatchObject({
    message: 'the budget "daily" may spend more than "wide", which it is within',
  })
  expect(problemOf({ ...wide, period: 'hour' }, { ...good, within: 'wide' })).toBeUndefined()
})

test('a share is taken of the budget around', () => {
  const budgets: Budget[] = [
    { name: 'company', scope: 'tenant', limit: 500, period: 'month' },
    { name: 'user', scope: 'user', limit: '2.5%', period: 'month', within: 'company' },
    { name: 'session', scope: 'session', limit: ' 10 % ', period: 'month', within: 'user' },
  ]
  checkBudgets(budgets)
  const named = new Map(budgets.map((budget) => [budget.name, budget]))
  expect(budgets.map((budget) => dollarsOf(budget, named))).toEqual([
    500n * 10n ** 12n,
    125n * 10n ** 11n,
    125n * 10n ** 10n,
  ])
})
