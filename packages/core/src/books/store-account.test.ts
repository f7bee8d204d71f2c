import { expect, test } from 'vitest'
import { createBudgetBook } from '../admission/budget/book.ts'
import type { CallEntry } from '../base/call-entry.ts'
import { noUsage } from '../base/usage.ts'
import type { Money } from '../store/money.ts'
import { createFakeScheduler } from '../testing/fake-scheduler.ts'
import { createMemoryStore } from '../testing/memory-store.ts'
import { createStoreAccount, type StoreAccountOptions } from './store-account.ts'
import { sweepCalls } from './sweep.ts'

const entry: CallEntry = {
  target: 'openai:m',
  outcome: 'ok',
  cost: { status: 'settled', picoDollars: '30' },
  usage: noUsage,
  startedAt: 0,
  durationMs: 5,
  try: 1,
}
const intent = { id: 'c1.1', target: 'openai:m', try: 1, picoDollars: 100n, atLeast: 10n }
const key = 'all/forever/acme/tenant:acme'

function setUp(change: Partial<StoreAccountOptions> = {}, wrap: (money: Money) => Money = (money) => money) {
  const scheduler = createFakeScheduler({ startAt: Date.parse('2026-11-21T12:00:00Z') })
  const { money } = createMemoryStore({ now: () => scheduler.now() })
  const book = createBudgetBook([
    { name: 'all', scope: 'tenant', limit: '0.00000000015', period: 'forever', unpriced: 'assume_ceiling' },
  ])
  const scopes = ['tenant:acme', 'user:bob']
  const account = createStoreAccount({ money: wrap(money), book, scopes, scheduler, ...change })
  const held = async (): Promise<unknown> => {
    const [balance] = await money.balances([key])
    return [balance?.settled, balance?.reserved]
  }
  return { scheduler, money, account, held }
}

test('money is set aside, then what was not spent comes back, with a line in the ledger', async () => {
  const { account, money, held } = setUp()
  expect(await account.open(intent)).toEqual({ kind: 'granted', picoDollars: 100n })
  expect(await held()).toEqual(['0', '100'])
  account.waiting('a queue')
  account.settle(intent.id, entry)
  await account.flush()
  expect(await held()).toEqual(['30', '0'])
  expect(await money.ledger('system')).toMatchObject([
    { id: 'c1.1', tenant: 'acme', scopes: ['tenant:acme', 'user:bob'], kind: 'call', entry },
  ])
})

test('another account books what this one set aside, and what has no price leaves it where it is', async () => {
  const { account, money, scheduler, held } = setUp()
  await account.open(intent)
  const book = createBudgetBook()
  const other = createStoreAccount({ money, book, scopes: account.scopes, scheduler })
  const unpriced: CallEntry = { ...entry, cost: { status: 'unpriced', picoDollars: null } }
  other.settle('unheard-of.1', unpriced)
  await other.flush()
  expect(await held()).toEqual(['0', '100'])
  other.settle(intent.id, entry)
  await other.flush()
  expect(await held()).toEqual(['30', '0'])
})

test('with less left the grant is smaller, then there is none', async () => {
  const { account } = setUp()
  await account.open(intent)
  expect(await account.open({ ...intent, id: 'c2.1' })).toEqual({ kind: 'granted', picoDollars: 50n })
  expect(await account.open({ ...intent, id: 'c3.1' })).toEqual({
    kind: 'refused',
    budget: 'all',
    scope: 'tenant:acme',
    limit: '150',
    left: '0',
  })
})

test('a call without a price pays its assumed ceiling, or is refused without one', async () => {
  const { account, held } = setUp()
  const unpriced = { ...intent, picoDollars: null, atLeast: 0n }
  expect(await account.open(unpriced)).toMatchObject({ kind: 'refused', isUnpriced: true })
  expect(await account.open({ ...unpriced, ceiling: 40n })).toEqual({ kind: 'granted', picoDollars: 40n })
  account.settle(intent.id, { ...entry, cost: { status: 'unpriced', picoDollars: null } })
  await account.flush()
  expect(await held()).toEqual(['40', '0'])
})

test('without budgets nothing is set aside, and calls are booked all the same', async () => {
  const { account, money } = setUp({ book: createBudgetBook() })
  expect(await account.open(intent)).toEqual({ kind: 'granted', picoDollars: 100n })
  account.settle(intent.id, entry)
  await account.flush()
  expect(await money.ledger('system')).toHaveLength(1)
})

test('a slow call is kept alive, a dead one is swept at all that was set aside', async () => {
  const { account, money, scheduler, held } = setUp()
  await account.open(intent)
  await scheduler.advance(300_000)
  expect(await sweepCalls(money, scheduler.now())).toBe(0)
  await account.close()
  await scheduler.advance(61_000)
  expect(await sweepCalls(money, scheduler.now())).toBe(1)
  expect(await held()).toEqual(['100', '0'])
  expect(await money.ledger('system')).toMatchObject([
    {
      id: 'c1.1',
      scopes: ['tenant:acme'],
      entry: { target: 'unknown', outcome: 'unknown', cost: { status: 'unknown', picoDollars: '100' } },
    },
  ])
  expect(await sweepCalls(money, scheduler.now())).toBe(0)
})

test('what could not be booked is booked later, and its reservation lives on', async () => {
  const reasons: unknown[] = []
  let isBroken = true
  const wrap = (money: Money): Money => ({
    ...money,
    book: (...args) => (isBroken ? Promise.reject(new Error('disk full')) : money.book(...args)),
  })
  const { account, scheduler, money, held } = setUp({ onError: (reason) => reasons.push(reason) }, wrap)
  await account.open(intent)
  account.settle(intent.id, entry)
  await scheduler.advance(200_000)
  expect(reasons.length).toBeGreaterThan(1)
  expect(await sweepCalls(money, scheduler.now())).toBe(0)
  await expect(account.flush()).rejects.toThrow('disk full')
  isBroken = false
  await scheduler.advance(40_000)
  expect(await held()).toEqual(['30', '0'])
  expect(scheduler.timers()).toBe(0)
})

test('a beat that fails is told', async () => {
  const reasons: unknown[] = []
  const wrap = (money: Money): Money => ({ ...money, beat: () => Promise.reject(new Error('no disk')) })
  const { account, scheduler } = setUp({ holdMs: 3_000, onError: (reason) => reasons.push(reason) }, wrap)
  await account.open(intent)
  await scheduler.advance(1_000)
  expect(reasons).toEqual([new Error('no disk')])
})

test('calls that end while others are being written are written next', async () => {
  const { account, money } = setUp()
  for (const id of ['a', 'b', 'c']) account.settle(id, { ...entry, outcome: 'cached' })
  await account.flush()
  expect((await money.ledger('system')).map(({ id }) => id)).toEqual(['a', 'b', 'c'])
})

test('an account needs a tenant', () => {
  expect(() => setUp({ scopes: ['user:bob'] })).toThrow(expect.objectContaining({ code: 'config.invalid' }))
})
