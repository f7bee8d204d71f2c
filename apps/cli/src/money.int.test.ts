import { mkdirSync, readFileSync } from 'node:fs'
import { createBudgetBook, createStoreAccount, noUsage, type Budget, type CallEntry } from '@meepo/core'
import { createFakeScheduler } from '@meepo/core/testing'
import { openSqliteStore } from '@meepo/store-sqlite'
import { beforeAll, afterAll, expect, test } from 'vitest'
import { runInside } from '../test-support/inside.ts'
import { createProject, type Ended, type Project } from '../test-support/project.ts'

const budgets: readonly Budget[] = [
  { name: 'company', scope: 'tenant', limit: 10, period: 'forever' },
  { name: 'per-user', scope: 'user', limit: 1, period: 'month' },
  { name: 'each', scope: 'agent', limit: 1, period: 'run' },
]
const cleaners: (() => void)[] = []
let project: Project
const meepo = (...args: string[]): Promise<Ended> => runInside(project, 'http://127.0.0.1:9/v1', ...args)

beforeAll(async () => {
  project = createProject((clean) => cleaners.push(clean))
  const config = readFileSync(project.path('meepo.config.ts'), 'utf8')
  project.write(
    'meepo.config.ts',
    config.replace('definitions: [', `budgets: ${JSON.stringify(budgets)}, definitions: [`),
  )
  mkdirSync(project.path('.meepo'))
  const store = await openSqliteStore({ path: project.path('.meepo/meepo.db') })
  const book = createBudgetBook(budgets)
  const scheduler = createFakeScheduler({ startAt: Date.now() })
  const pay = async (id: string, user: string, agent: string, picoDollars: string): Promise<void> => {
    const scopes = ['tenant:default', `user:${user}`, `agent:${agent}`]
    const account = createStoreAccount({ money: store.money, book, scopes, scheduler })
    const price = BigInt(picoDollars)
    await account.open({ id, target: 'openai:m', try: 1, picoDollars: price, atLeast: price })
    const entry: CallEntry = {
      target: 'openai:m',
      outcome: 'ok',
      cost: { status: 'settled', picoDollars },
      usage: { ...noUsage, input: 1_000, calls: 1 },
      startedAt: Date.now(),
      durationMs: 10,
      try: 1,
    }
    account.settle(id, entry)
    await account.close()
  }
  await pay('a', 'bob', 'planner', '750000000000')
  await pay('b', 'eve', 'writer', '250000000000')
  await store.close()
})
afterAll(() => {
  for (const clean of cleaners) clean()
})

test('cost sums up by what was asked for', async () => {
  expect((await meepo('cost')).out).toBe(
    [
      'AGENT     COST  SHARE  CALLS  TOKENS',
      'planner  $0.75    75%      1   1,000',
      'writer   $0.25    25%      1   1,000',
      'total    $1.00   100%      2   2,000',
      '',
    ].join('\n'),
  )
  const json = await meepo('cost', '--by', 'user', '--scope', 'agent:writer', '--since', '7d', '--json')
  expect(JSON.parse(json.out)).toMatchObject({
    by: 'user',
    scope: 'agent:writer',
    rows: [{ key: 'eve', picoDollars: '250000000000', dollars: 0.25, calls: 1 }],
    total: { picoDollars: '250000000000' },
  })
  expect(await meepo('cost', '--until', '2020-01-01')).toMatchObject({ code: 0, out: '', err: 'no costs\n' })
})

test.each([
  [['--since', '2026-02-30'], 'no such day'],
  [['--since', 'yesterday'], 'how long ago'],
  [['--by', 'moon'], 'moon'],
  [['--since', '2026-11-02', '--until', '2026-11-01'], 'later than'],
])('cost %j is refused', async (args, what) => {
  const { code, err } = await meepo('cost', ...args)
  expect(code).toBe(2)
  expect(err).toMatch(/^config\.invalid: /)
  expect(err).toContain(what)
})

test('budgets are listed, raised and brought back', async () => {
  const { out } = await meepo('budget', 'list')
  expect(out).toMatch(/\ncompany +tenant:default +\$1\.00 +\$9\.00 +\$10\.00 +10%\n/)
  expect(out).toMatch(/\nper-user +user:bob +\$0\.75 +\$0\.25 +\$1\.00 +75% +in /)
  expect(await meepo('budget', 'set', 'per-user/user:bob', '2.50')).toMatchObject({
    code: 0,
    err: 'per-user of user:bob: $2.50 ($0.75 spent · $1.75 left)\n',
  })
  expect((await meepo('budget', 'list')).out).toContain('$2.50 (set)')
  expect((await meepo('budget', 'lift', 'per-user/user:bob')).err).toContain('user:bob: $1.00')
  const states: unknown = JSON.parse((await meepo('budget', 'list', '--json')).out)
  expect(states).toMatchObject([
    { budget: 'company' },
    { scope: 'user:bob', limit: '1000000000000' },
    { scope: 'user:eve' },
  ])
})

test('the limit of a tenant and of a run can be set too', async () => {
  expect((await meepo('budget', 'set', 'company/tenant:other', '3')).err).toMatch(/^company of tenant:other: \$3\.00/)
  expect((await meepo('budget', 'set', 'each/run:r1/agent:planner', '4')).err).toMatch(
    /^each of agent:planner: \$4\.00/,
  )
  expect((await meepo('budget', 'set', 'run:r1', '5')).err).toMatch(/^run of run:r1: \$5\.00/)
  expect((await meepo('budget', 'lift', 'run:r1')).err).toBe('run:r1 has no limit of its own now\n')
})

test.each(['nobody/user:bob', 'per-user', 'per-user/team:red', 'each/agent:planner'])(
  '%s is no budget',
  async (name) => {
    const { code, err } = await meepo('budget', 'set', name, '5')
    expect(code).toBe(2)
    expect(err).toContain('there are company/tenant:NAME, per-user/user:NAME, each/run:ID/agent:NAME, and run:ID')
  },
)

test('a limit is an amount above nothing', async () => {
  expect(await meepo('budget', 'set', 'per-user/user:bob', '0')).toMatchObject({ code: 2 })
})

test('a budget can be set before the first run, and a rolling one keeps it', async () => {
  const fresh = createProject((clean) => cleaners.push(clean))
  const config = readFileSync(fresh.path('meepo.config.ts'), 'utf8')
  const rolling = [{ name: 'recent', scope: 'user', limit: 1, period: { rollingHours: 24 } }]
  fresh.write(
    'meepo.config.ts',
    config.replace('definitions: [', `budgets: ${JSON.stringify(rolling)}, definitions: [`),
  )
  const inFresh = (...args: string[]): Promise<Ended> => runInside(fresh, 'http://127.0.0.1:9/v1', 'budget', ...args)
  expect((await inFresh('set', 'run:r1', '5')).err).toMatch(/^store\.not_found: /)
  expect((await inFresh('set', 'recent/user:bob', '5')).err).toBe(
    'recent of user:bob: $5.00 ($0.00 spent · $5.00 left)\n',
  )
  const store = await openSqliteStore({ path: fresh.path('.meepo/meepo.db') })
  expect(await store.money.balances(['recent/rolling/default/user:bob'])).toMatchObject([{ limit: '5000000000000' }])
  await store.close()
  expect((await inFresh('list')).out).toContain('$5.00 (set)')
  expect((await inFresh('lift', 'recent/user:bob')).err).toContain('user:bob: $1.00')
})
