import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  budgetError,
  createAlerts,
  createBudgetBook,
  createCosts,
  createStoreAccount,
  handlerSink,
  noUsage,
  type AlertNotice,
  type Budget,
  type MeepoError,
  type Store,
  type StoreAccount,
} from '@meepo/core'
import { createMemoryStore } from '@meepo/core/memory-store'
import { createNodeMachine } from '@meepo/engine-embedded'
import { openSqliteStore } from '@meepo/store-sqlite'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'meepo-budgets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const cent = 10_000_000_000n
const stores: readonly [string, () => Promise<Store>][] = [
  ['memory', async () => createMemoryStore()],
  ['sqlite', () => openSqliteStore({ path: join(folder, 'money.db') })],
]

interface Desk {
  readonly notices: readonly AlertNotice[]
  pay(scopes: readonly string[], cents: number): Promise<MeepoError | undefined>
  left(scope: string): Promise<string | undefined>
}

/** Two processes on one store: calls are paid by either of them in turn, and each looks for alerts after each call. */
async function withDesk(open: () => Promise<Store>, budget: Budget, use: (desk: Desk) => Promise<void>): Promise<void> {
  const store = await open()
  const { money } = store
  const { scheduler } = createNodeMachine()
  const book = createBudgetBook([budget])
  const notices: AlertNotice[] = []
  const sinks = [handlerSink((notice) => void notices.push(notice))]
  const alerts = [0, 1].map(() => createAlerts({ money, book, scheduler, sinks, forecastMs: Infinity }))
  const accounts = new Map<string, StoreAccount>()
  let calls = 0
  const accountOf = (scopes: readonly string[]): StoreAccount => {
    const key = `${scopes.join()} ${calls % 2}`
    const account = accounts.get(key) ?? createStoreAccount({ money, book, scopes, scheduler })
    accounts.set(key, account)
    return account
  }
  const desk: Desk = {
    notices,
    pay: async (scopes, cents) => {
      const id = `${budget.name}${++calls}`
      const account = accountOf(scopes)
      const price = BigInt(cents) * cent
      const grant = await account.open({ id, target: 'openai:m', try: 1, picoDollars: price, atLeast: price })
      if (grant.kind === 'refused') return budgetError(grant)
      const cost = { status: 'settled', picoDollars: String(price) } as const
      const line = { usage: noUsage, startedAt: scheduler.now(), durationMs: 1, try: 1 }
      account.settle(id, { target: 'openai:m', outcome: 'ok', cost, ...line })
      await account.flush()
      for (const one of alerts) await one.look()
      return undefined
    },
    left: async (scope) =>
      (await createCosts({ money, book, scheduler }).budgets()).find((one) => one.scope === scope)?.left,
  }
  try {
    await use(desk)
  } finally {
    await Promise.all([...accounts.values()].map((account) => account.close()))
    await store.close()
  }
}

test.each(stores)('user A is warned once at 80 percent and blocked at 100, B goes on (%s)', async (_, open) => {
  const budget: Budget = { name: 'daily', scope: 'user', limit: 1, period: 'day', thresholds: [80, 100] }
  await withDesk(open, budget, async ({ pay, notices, left }) => {
    const a = ['tenant:acme', 'user:a', 'session:s1']
    const b = ['tenant:acme', 'user:b', 'session:s2']
    for (const cents of [40, 39]) expect(await pay(a, cents)).toBeUndefined()
    expect(notices).toEqual([])
    for (const cents of [1, 5, 5]) expect(await pay(a, cents)).toBeUndefined()
    expect(notices).toMatchObject([{ kind: 'threshold', threshold: 80, scope: 'user:a', spent: '800000000000' }])
    expect(await pay(a, 10)).toBeUndefined()
    expect(notices.map(({ threshold }) => threshold)).toEqual([80, 100])

    const refused = await pay(a, 1)
    const reset = new Date(Math.floor(Date.now() / 86_400_000 + 1) * 86_400_000).toISOString()
    expect(refused).toMatchObject({
      code: 'budget.exceeded',
      message: `the budget daily of user:a ($1.00) has $0.00 left, too little for this call; it starts anew at ${reset}`,
      details: { budget: 'daily', scope: 'user:a', leftPicoDollars: '0', resetsAt: reset },
    })
    expect(await pay(b, 50)).toBeUndefined()
    expect(await left('user:b')).toBe('500000000000')
    expect(notices).toHaveLength(2)
  })
})

test.each(stores)('two sessions of one user have a budget each (%s)', async (_, open) => {
  const budget: Budget = { name: 'per-session', scope: 'session', limit: 1, period: 'forever', thresholds: [80] }
  await withDesk(open, budget, async ({ pay, notices }) => {
    const one = ['tenant:acme', 'user:a', 'session:s1']
    const other = ['tenant:acme', 'user:a', 'session:s2']
    for (const cents of [80, 20]) expect(await pay(one, cents)).toBeUndefined()
    expect((await pay(one, 1))?.message).toBe(
      'the budget per-session of session:s1 ($1.00) has $0.00 left, too little for this call; it does not start anew by itself',
    )
    expect(await pay(other, 70)).toBeUndefined()
    expect(notices.map(({ scope, threshold }) => [scope, threshold])).toEqual([['session:s1', 80]])
  })
})
