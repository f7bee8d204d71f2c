import { expect, test } from 'vitest'
import type { CallIntent } from '../../model/account.ts'
import { createBudgetBook } from './book.ts'
import type { Budget } from './budget.ts'

const at = Date.parse('2026-11-21T12:30:00Z')
const scopes = [
  'tenant:acme',
  'user:bob',
  'session:s1',
  'agent:writer',
  'workflow:erp',
  'run:r1',
  'run:c2',
  'tag:team=red',
]
const intent = (change: Partial<CallIntent> = {}): CallIntent => ({
  id: 'r1/1/1.1',
  target: 'openai:m',
  try: 1,
  picoDollars: 100n,
  atLeast: 40n,
  ...change,
})
const keysOf = (budgets: readonly Budget[], of: readonly string[] = scopes): readonly string[] =>
  createBudgetBook(budgets)
    .accountsFor(of, at)
    .map(({ key }) => key)

test('a call is charged to each budget that matches, wider ones first, and to its runs', () => {
  const budgets: Budget[] = [
    { name: 'tagged', scope: 'tag', value: 'team=red', limit: 1, period: 'forever' },
    { name: 'tree', scope: 'run', limit: 1, period: 'forever' },
    { name: 'each-agent', scope: 'agent', limit: 1, period: 'run' },
    { name: 'company', scope: 'tenant', limit: 1, period: 'month' },
    { name: 'other', scope: 'user', value: 'eve', limit: 1, period: 'day' },
  ]
  expect(keysOf(budgets)).toEqual([
    'company/2026-11/acme/tenant:acme',
    'each-agent/run:r1/acme/agent:writer',
    'tree/forever/acme/run:r1',
    'tagged/forever/acme/tag:team=red',
    'run:r1',
    'run:c2',
  ])
})

test('a budget of one run counts that run alone', () => {
  expect(keysOf([{ name: 'one', scope: 'run', value: 'c2', limit: 1, period: 'forever' }])[0]).toBe(
    'one/forever/acme/run:c2',
  )
})

test('outside of runs nothing is counted per run', () => {
  const budgets: Budget[] = [{ name: 'each', scope: 'user', limit: 1, period: 'run' }]
  expect(keysOf(budgets, ['tenant:acme', 'user:bob'])).toEqual([])
  expect(createBudgetBook(budgets).charge(intent(), ['tenant:acme', 'user:bob'], at)).toEqual({ kind: 'free' })
})

test('a budget with a value stands in for the one without, not for those of another period or kind', () => {
  const budgets: Budget[] = [
    { name: 'all', scope: 'user', limit: 1, period: 'day' },
    { name: 'bob', scope: 'user', value: 'bob', limit: 5, period: 'day' },
    { name: 'monthly', scope: 'user', limit: 20, period: 'month' },
    { name: 'watch', scope: 'user', limit: 0.5, period: 'day', kind: 'soft' },
  ]
  expect(keysOf(budgets, ['tenant:acme', 'user:bob'])).toEqual([
    'bob/2026-11-21/acme/user:bob',
    'monthly/2026-11/acme/user:bob',
    'watch/2026-11-21/acme/user:bob',
  ])
  expect(keysOf(budgets, ['tenant:acme', 'user:eve'])[0]).toBe('all/2026-11-21/acme/user:eve')
})

test('users of two tenants with one name have an account each', () => {
  const budgets: Budget[] = [{ name: 'all', scope: 'user', limit: 1, period: 'day' }]
  expect(keysOf(budgets, ['tenant:a/b', 'user:x/y'])).toEqual(['all/2026-11-21/a%2Fb/user:x/y'])
  expect(keysOf(budgets, ['user:x'])).toEqual(['all/2026-11-21//user:x'])
})

test('accounts carry limit, window and marks; a soft one has no limit', () => {
  const book = createBudgetBook([
    { name: 'roll', scope: 'tenant', limit: '0.00000000001', period: { rollingHours: 1 }, thresholds: [95, 33.33] },
    { name: 'soft', scope: 'user', limit: 1, period: 'forever', kind: 'soft', thresholds: [], alertOn: 'both' },
    { name: 'both', scope: 'session', limit: 1, period: 'forever', thresholds: [100], alertOn: 'both' },
  ])
  const [roll, soft, both] = book.accountsFor(scopes, at)
  expect(roll).toEqual({
    key: 'roll/2026-11-21T12/acme/tenant:acme',
    window: ['roll/2026-11-21T11/acme/tenant:acme'],
    limitKey: 'roll/rolling/acme/tenant:acme',
    limit: '10',
    marks: [
      { id: '33.33%', at: '4', on: 'settled' },
      { id: '95%', at: '10', on: 'settled' },
    ],
  })
  expect(soft).toEqual({ key: 'soft/forever/acme/user:bob' })
  expect(both?.marks?.map(({ id, on }) => [id, on])).toEqual([
    ['100%', 'settled'],
    ['100% committed', 'committed'],
  ])
})

test('accounts are found once per period', () => {
  const book = createBudgetBook([{ name: 'hourly', scope: 'tenant', limit: 1, period: 'hour' }])
  const first = book.accountsFor(scopes, at)
  expect(book.accountsFor(scopes, at + 1)).toBe(first)
  const next = book.accountsFor(scopes, at + 3_600_000)
  expect(next[0]?.key).toBe('hourly/2026-11-21T13/acme/tenant:acme')
  expect(book.accountsFor(scopes, at)).toEqual(first)
})

test('a call with a price is reserved on all of its accounts', () => {
  const book = createBudgetBook([{ name: 'hourly', scope: 'tenant', limit: 1, period: 'hour' }])
  expect(book.charge(intent(), scopes, at)).toEqual({
    kind: 'reserve',
    reservation: { id: 'r1/1/1.1', picoDollars: '100', atLeast: '40', accounts: book.accountsFor(scopes, at) },
  })
})

test('a call without a price is refused where a budget denies it', () => {
  const book = createBudgetBook([{ name: 'hourly', scope: 'tenant', limit: 1, period: 'hour' }])
  expect(book.charge(intent({ picoDollars: null, ceiling: 9n }), scopes, at)).toEqual({
    kind: 'refused',
    budget: 'hourly',
    scope: 'tenant:acme',
    limit: '1000000000000',
    left: '0',
    resetsAt: Date.parse('2026-11-21T13:00:00Z'),
    isUnpriced: true,
  })
})

test('a call without a price is charged its ceiling where a budget assumes it, and nothing where one allows it', () => {
  const book = createBudgetBook([
    { name: 'assumes', scope: 'tenant', limit: 1, period: 'forever', unpriced: 'assume_ceiling' },
    { name: 'allows', scope: 'user', limit: 1, period: 'hour', unpriced: 'allow_flagged' },
  ])
  const charge = book.charge(intent({ picoDollars: null, ceiling: 9n }), scopes, at)
  expect(charge).toMatchObject({ kind: 'reserve', reservation: { picoDollars: '9', atLeast: '9' } })
  expect(charge.kind === 'reserve' ? charge.reservation.accounts.map(({ key }) => key) : []).toEqual([
    'assumes/forever/acme/tenant:acme',
    'run:r1',
    'run:c2',
  ])
  expect(book.charge(intent({ picoDollars: null }), scopes, at)).toMatchObject({ budget: 'assumes', isUnpriced: true })
})

test('a call without a price is free where every budget allows it', () => {
  const book = createBudgetBook([{ name: 'soft', scope: 'tenant', limit: 1, period: 'hour', kind: 'soft' }])
  expect(book.charge(intent({ picoDollars: null, ceiling: 9n }), scopes, at)).toEqual({ kind: 'free' })
  expect(createBudgetBook().charge(intent({ picoDollars: null }), [], at)).toEqual({ kind: 'free' })
})

test('the limit of a run has a mind of its own about calls without a price', () => {
  const book = createBudgetBook([{ name: 'soft', scope: 'tenant', limit: 1, period: 'hour', kind: 'soft' }])
  const free = intent({ picoDollars: null, ceiling: 9n })
  const charge = (unpriced: 'deny' | 'assume_ceiling' | 'allow_flagged', what = free) =>
    book.charge(what, scopes, at, { runId: 'c2', limits: { picoDollars: '70', unpriced } })
  const refusal = { kind: 'refused', budget: 'run', scope: 'run:c2', limit: '70', left: '0', isUnpriced: true }
  expect(charge('deny')).toEqual(refusal)
  expect(charge('allow_flagged')).toEqual({ kind: 'free' })
  expect(charge('assume_ceiling')).toMatchObject({
    reservation: { picoDollars: '9', accounts: [{ key: 'run:r1' }, { key: 'run:c2' }] },
  })
  expect(charge('assume_ceiling', intent({ picoDollars: null }))).toEqual(refusal)
  expect(charge('deny', intent())).toMatchObject({ kind: 'reserve' })
  expect(book.charge(free, scopes, at, { runId: 'c2', limits: {} })).toEqual({ kind: 'free' })
})

test('keys of this period are found again, others are not', () => {
  const book = createBudgetBook([
    { name: 'daily', scope: 'user', limit: 10, period: 'day' },
    { name: 'each', scope: 'agent', limit: 10, period: 'run' },
  ])
  const [daily, each] = book.accountsFor(scopes, at)
  expect(book.find(String(daily?.key), at)).toMatchObject({
    budget: { name: 'daily' },
    limit: 10_000_000_000_000n,
    tenant: 'acme',
    scope: 'user:bob',
    period: { id: '2026-11-21' },
  })
  expect(book.find(String(daily?.key), at + 86_400_000)).toBeUndefined()
  expect(book.find(String(each?.key), at)).toMatchObject({ scope: 'agent:writer' })
  expect(book.find('run:r1', at)).toBeUndefined()
  expect(book.find('gone/2026-11-21/acme/user:bob', at)).toBeUndefined()
})

test('the accounts of a budget can be listed by how their keys begin', () => {
  const budgets: Budget[] = [
    { name: 'roll', scope: 'user', limit: 10, period: { rollingHours: 1 } },
    { name: 'each', scope: 'agent', limit: 10, period: 'run' },
  ]
  const book = createBudgetBook(budgets)
  expect(book.budgets.flatMap((budget) => book.prefixesOf(budget, at))).toEqual([
    'roll/2026-11-21T12/',
    'roll/2026-11-21T11/',
    'roll/rolling/',
    'each/run:',
  ])
})
