import { expect, test } from 'vitest'
import { createBudgetBook } from '../admission/budget/book.ts'
import type { CallEntry } from '../base/call-entry.ts'
import type { LedgerEntry, Money } from '../store/money.ts'
import { createFakeScheduler } from '../testing/fake-scheduler.ts'
import { createMemoryStore } from '../testing/memory-store.ts'
import { createCosts } from './costs.ts'
import { createStoreAccount } from './store-account.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const usage = { input: 10, cacheRead: 20, cacheWrite: 30, output: 40, reasoning: 50, calls: 1 }
const book = createBudgetBook([
  { name: 'daily', scope: 'user', limit: '0.000000001', period: 'day' },
  { name: 'recent', scope: 'tenant', limit: '0.000000005', period: { rollingHours: 2 }, kind: 'soft' },
  { name: 'each', scope: 'agent', limit: '0.000000002', period: 'run' },
])

function entryOf(picoDollars: string | null, target = 'openai:big'): CallEntry {
  const status = picoDollars === null ? 'unpriced' : 'settled'
  return { target, outcome: 'ok', cost: { status, picoDollars }, usage, startedAt: now, durationMs: 1, try: 1 }
}

function setUp() {
  const scheduler = createFakeScheduler({ startAt: now })
  const { money } = createMemoryStore({ now: () => scheduler.now() })
  const costs = createCosts({ money, book, scheduler })
  const pay = async (id: string, scopes: readonly string[], entry: CallEntry): Promise<void> => {
    const account = createStoreAccount({ money, book, scopes, scheduler })
    const picoDollars = BigInt(entry.cost.picoDollars ?? 0)
    await account.open({ id, target: entry.target, try: 1, picoDollars, atLeast: picoDollars })
    account.settle(id, entry)
    await account.flush()
  }
  return { scheduler, money, costs, pay }
}

const scopes = ['tenant:acme', 'user:bob', 'session:s1', 'agent:writer', 'workflow:erp', 'run:r1', 'tag:team=red']

test('everything a call is charged to has a summary', async () => {
  const { costs, pay, scheduler } = setUp()
  await pay('a', scopes, entryOf('300'))
  await scheduler.advance(86_400_000)
  await pay('b', scopes, entryOf('200', 'openai:small'))
  const summaries = await Promise.all([
    costs.forTenant('acme'),
    costs.forUser('bob'),
    costs.forConversation('s1'),
    costs.forAgent('writer'),
    costs.forWorkflow('erp'),
    costs.forRun('r1'),
    costs.forTag('team=red'),
  ])
  expect(summaries.map(({ scope }) => scope)).toEqual(scopes)
  for (const summary of summaries) {
    expect(summary).toMatchObject({ picoDollars: '500', dollars: 5e-10, tokens: 300, calls: 2 })
    expect(summary.byModel.map(({ key, picoDollars }) => [key, picoDollars])).toEqual([
      ['openai:big', '300'],
      ['openai:small', '200'],
    ])
    expect(summary.byDay.map(({ key }) => key)).toEqual(['2026-11-21', '2026-11-22'])
  }
  expect(await costs.forUser('bob', { since: '2026-11-22' })).toMatchObject({ picoDollars: '200' })
  expect(await costs.report({ by: 'user' })).toMatchObject([{ key: 'bob', picoDollars: '500', tokens: 300 }])
})

test('who spent nothing has a summary of nothing', async () => {
  expect(await setUp().costs.forUser('nobody')).toMatchObject({ scope: 'user:nobody', dollars: 0, calls: 0, byDay: [] })
})

test('the state of budgets says what is spent, set aside and left, and by whom it is held', async () => {
  const { costs, pay, money, scheduler } = setUp()
  await pay('a', scopes, entryOf('300'))
  await scheduler.advance(3_600_000)
  const account = createStoreAccount({ money, book, scopes, scheduler })
  await account.open({ id: 'slow', target: 'openai:big', try: 1, picoDollars: 100n, atLeast: 0n })
  const states = await costs.budgets(scopes)
  expect(states).toMatchObject([
    { budget: 'recent', scope: 'tenant:acme', kind: 'soft', spent: '300', reserved: '100', left: '4600' },
    {
      budget: 'daily',
      tenant: 'acme',
      scope: 'user:bob',
      kind: 'hard',
      spent: '300',
      reserved: '100',
      limit: '1000',
      left: '600',
      resetsAt: Date.parse('2026-11-22T00:00:00Z'),
      heldBy: ['slow'],
    },
    { budget: 'each', scope: 'agent:writer', spent: '300', reserved: '100', limit: '2000' },
  ])
  const keyed = (list: readonly { key: string }[]): string[] => list.map(({ key }) => key).toSorted()
  const all = await costs.budgets()
  expect(keyed(all)).toEqual(keyed(states))
  expect(all.find(({ budget }) => budget === 'recent')).toMatchObject({ spent: '300', reserved: '100' })
  await account.close()
})

test('a limit that an operator set is the one in force', async () => {
  const { costs, pay, money } = setUp()
  await pay('a', scopes, entryOf('300'))
  const [key = ''] = (await costs.budgets(scopes)).filter(({ budget }) => budget === 'daily').map((one) => one.key)
  await money.setLimit(key, '5000')
  await money.setLimit('run:r1', '7')
  const states = await costs.budgets(scopes)
  expect(states.find(({ budget }) => budget === 'daily')).toMatchObject({ limit: '5000', isSet: true, left: '4700' })
  expect(states.at(-1)).toMatchObject({ budget: 'run', scope: 'run:r1', limit: '7', left: '-293' })
  expect(states.at(-1)).not.toHaveProperty('isSet')
})

test('a limit that was set for a rolling budget holds when the hour is over, and until it is lifted', async () => {
  const { costs, pay, money, scheduler } = setUp()
  await pay('a', scopes, entryOf('300'))
  const recent = async (some?: readonly string[]) =>
    (await costs.budgets(some)).find(({ budget }) => budget === 'recent')
  const before = await recent(scopes)
  await money.setLimit(String(before?.limitKey), '5000')
  expect(await recent(scopes)).toMatchObject({ limit: '5000', isSet: true, left: '4700' })
  await scheduler.advance(30 * 3_600_000)
  expect(await recent(scopes)).toMatchObject({ limit: '5000', isSet: true, left: '5000' })
  expect(await recent()).toMatchObject({ limit: '5000', isSet: true })
  await money.setLimit(String(before?.limitKey), undefined)
  expect(await recent(scopes)).toMatchObject({ limit: before?.limit })
})

test('a tenant sees its own budgets alone', async () => {
  const { pay, money, scheduler } = setUp()
  await pay('a', ['tenant:acme', 'user:bob'], entryOf('3'))
  await pay('b', ['tenant:other', 'user:bob'], entryOf('4'))
  const costs = createCosts({ money, book, scheduler, scope: { tenant: 'other' } })
  expect((await costs.budgets()).map(({ tenant, spent }) => [tenant, spent])).toEqual([
    ['other', '4'],
    ['other', '4'],
  ])
})

async function linesOf(money: Money): Promise<readonly LedgerEntry[]> {
  return money.ledger('system')
}

test('new prices are booked as corrections, once, and can be tried first', async () => {
  const { costs, pay, money } = setUp()
  await pay('a', scopes, entryOf('300'))
  await pay('b', scopes, entryOf(null, 'local:m'))
  await pay('c', scopes, entryOf('50'))
  const before = await linesOf(money)
  const price = ({ id }: LedgerEntry) =>
    id === 'c' ? undefined : { picoDollars: id === 'a' ? '280' : '10', card: 'book@2' }
  const answer = { calls: 3, adjusted: 2, picoDollars: '-10' }
  expect(await costs.reprice({ price, isDryRun: true })).toEqual(answer)
  expect(await linesOf(money)).toEqual(before)
  expect(await costs.reprice({ price })).toEqual(answer)
  expect((await linesOf(money)).slice(0, 3)).toEqual(before)
  expect((await linesOf(money)).slice(3)).toMatchObject([
    { id: 'a/adjust.1', kind: 'adjust', adjusts: 'a', entry: { cost: { picoDollars: '-20', card: 'book@2' } } },
    { id: 'b/adjust.1', kind: 'adjust', adjusts: 'b', entry: { cost: { picoDollars: '10' } } },
  ])
  expect(await costs.forUser('bob')).toMatchObject({ picoDollars: '340', unpricedCalls: 0, calls: 3 })
  expect(await costs.reprice({ price })).toEqual({ calls: 3, adjusted: 0, picoDollars: '0' })
  const third = () => ({ picoDollars: '100', card: 'book@3' })
  expect(await costs.reprice({ price: third, since: 0, until: now })).toEqual({
    calls: 3,
    adjusted: 3,
    picoDollars: '-40',
  })
  expect((await linesOf(money)).map(({ id }) => id)).toContain('a/adjust.2')
})
