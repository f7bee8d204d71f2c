import { expect, test } from 'vitest'
import { createBudgetBook } from '../admission/budget/book.ts'
import type { Budget } from '../admission/budget/budget.ts'
import { noUsage } from '../base/usage.ts'
import type { Money } from '../store/money.ts'
import { createFakeScheduler } from '../testing/fake-scheduler.ts'
import { createMemoryStore } from '../testing/memory-store.ts'
import type { AlertNotice } from './alert-notice.ts'
import { handlerSink, isFirstEngine, logSink } from './alert-sinks.ts'
import { createAlerts, type AlertsOptions } from './alerts.ts'
import { createStoreAccount } from './store-account.ts'

const now = Date.parse('2026-11-21T12:00:00Z')
const daily: Budget = { name: 'daily', scope: 'user', limit: '0.0000000001', period: 'day', thresholds: [80, 100] }
const key = 'daily/2026-11-21/acme/user:bob'

function setUp(budgets: readonly Budget[] = [daily]) {
  const scheduler = createFakeScheduler({ startAt: now })
  const { money } = createMemoryStore({ now: () => scheduler.now() })
  const book = createBudgetBook(budgets)
  const account = createStoreAccount({ money, book, scopes: ['tenant:acme', 'user:bob', 'run:r1'], scheduler })
  const notices: AlertNotice[] = []
  const sink = handlerSink((notice) => {
    notices.push(notice)
  })
  const alertsOn = (change: Partial<AlertsOptions> = {}) =>
    createAlerts({ money, book, scheduler, sinks: [sink], forecastMs: Infinity, ...change })
  let calls = 0
  const pay = async (amount: bigint): Promise<void> => {
    const id = `c${++calls}`
    await account.open({ id, target: 'openai:m', try: 1, picoDollars: amount, atLeast: amount })
    const cost = { status: 'settled', picoDollars: String(amount) } as const
    const rest = { usage: noUsage, startedAt: now, durationMs: 1, try: 1 }
    account.settle(id, { target: 'openai:m', outcome: 'ok', cost, ...rest })
    await account.flush()
  }
  return { scheduler, money, book, notices, sink, alertsOn, pay }
}

test('each threshold is told once, by whichever process looks first, with words and numbers', async () => {
  const { alertsOn, pay, notices } = setUp()
  const [one, other] = [alertsOn(), alertsOn()]
  await pay(79n)
  await one.look()
  expect(notices).toEqual([])
  await pay(2n)
  await one.look()
  await other.look()
  await pay(3n)
  await one.look()
  expect(notices).toEqual([
    {
      id: `${key} 80% 100`,
      kind: 'threshold',
      at: '2026-11-21T12:00:00.000Z',
      budget: 'daily',
      tenant: 'acme',
      scope: 'user:bob',
      threshold: 80,
      on: 'settled',
      spent: '81',
      reserved: '0',
      limit: '100',
      resetsAt: '2026-11-22T00:00:00.000Z',
      message:
        'user:bob has reached 80% of the budget daily: $0.000000000081 of $0.0000000001; it starts anew at 2026-11-22T00:00:00.000Z',
    },
  ])
})

test('a raised limit and a new period arm the thresholds again', async () => {
  const { alertsOn, pay, notices, money, scheduler } = setUp()
  const alerts = alertsOn()
  await pay(85n)
  await money.setLimit(key, '200')
  await pay(10n)
  await alerts.look()
  expect(notices.map(({ id }) => id)).toEqual([`${key} 80% 100`])
  await pay(66n)
  await scheduler.advance(86_400_000)
  await pay(90n)
  await alerts.look()
  expect(notices.slice(1).map(({ id }) => id)).toEqual([`${key} 80% 200`, 'daily/2026-11-22/acme/user:bob 80% 100'])
})

test('what is set aside can reach a threshold too', async () => {
  const { alertsOn, pay, notices } = setUp([{ ...daily, period: 'forever', alertOn: 'committed', thresholds: [50] }])
  await pay(60n)
  await alertsOn().look()
  expect(notices).toMatchObject([{ on: 'committed', threshold: 50 }])
  expect(notices[0]?.message).toBe(
    'user:bob has reached 50% of the budget daily: $0.00 and $0.00000000006 set aside of $0.0000000001',
  )
})

test('a sink that fails gets it again, later and later, and the others do not', async () => {
  const { alertsOn, pay, notices, sink, scheduler, money } = setUp()
  const tries: number[] = []
  const errors: unknown[] = []
  const broken = {
    name: 'webhook',
    send: async () => {
      tries.push(scheduler.elapsed())
      if (tries.length < 4) throw new Error('503')
    },
  }
  const alerts = alertsOn({ sinks: [broken, sink], onError: (reason, name) => errors.push([reason, name]) })
  await pay(80n)
  alerts.start()
  alerts.start()
  await scheduler.advance(20_000)
  await alerts.stop()
  expect(tries).toEqual([2_000, 4_000, 6_000, 10_000])
  expect(errors).toHaveLength(3)
  expect(errors[0]).toEqual([new Error('503'), 'webhook'])
  expect(notices).toHaveLength(1)
  expect(await money.alerts()).toEqual([])
  expect(scheduler.timers()).toBe(0)
})

test('an alert that no process could take off is told again by the next one, with the same id', async () => {
  const { alertsOn, pay, notices, money } = setUp()
  await pay(80n)
  const dying: Money = { ...money, takeOff: () => Promise.reject(new Error('killed')) }
  await expect(alertsOn({ money: dying }).look()).rejects.toThrow('killed')
  await alertsOn().look()
  expect(notices.map(({ id }) => id)).toEqual([`${key} 80% 100`, `${key} 80% 100`])
})

test('a store that fails does not end the looking', async () => {
  const { alertsOn, pay, notices, money, scheduler } = setUp()
  let isBroken = true
  const reasons: unknown[] = []
  const shaky: Money = { ...money, alerts: () => (isBroken ? Promise.reject(new Error('busy')) : money.alerts()) }
  const alerts = alertsOn({ money: shaky, onError: (reason) => reasons.push(reason) })
  await pay(80n)
  alerts.start()
  await scheduler.advance(3_000)
  expect(reasons).toEqual([new Error('busy')])
  isBroken = false
  await scheduler.advance(3_000)
  expect(notices).toHaveLength(1)
  await alerts.stop()
})

test('stopping lets the alert that is being told arrive, and leaves the rest', async () => {
  const { alertsOn, pay, money, scheduler } = setUp()
  await pay(100n)
  let arrive = (): void => undefined
  const slow = { name: 'slow', send: () => new Promise<void>((resolve) => (arrive = resolve)) }
  const alerts = alertsOn({ sinks: [slow] })
  alerts.start()
  await scheduler.advance(2_000)
  const stopping = alerts.stop()
  arrive()
  await stopping
  expect((await money.alerts()).map(({ mark }) => mark)).toEqual(['100%'])
})

test('spending that will reach the limit is told once a period', async () => {
  const { alertsOn, pay, notices, scheduler, money } = setUp([
    { ...daily, thresholds: [100] },
    { ...daily, name: 'all', period: 'forever' },
  ])
  const alerts = alertsOn({ forecastMs: 300_000 })
  await pay(60n)
  await alerts.look()
  await scheduler.advance(400_000)
  await alerts.look()
  expect(notices).toMatchObject([{ kind: 'forecast', budget: 'daily', spent: '60', limit: '100' }])
  expect(notices[0]).not.toHaveProperty('threshold')
  expect(notices[0]?.message).toMatch(
    /^user:bob has spent \$0.00000000006 of .* of the budget daily and will reach it at this rate; it starts anew/,
  )
  await money.setLimit(key, '110')
  await scheduler.advance(400_000)
  await alerts.look()
  expect(notices.map(({ limit }) => limit)).toEqual(['100', '110'])
})

test('only the teller tells', async () => {
  const { alertsOn, pay, notices } = setUp()
  await pay(80n)
  const leases = { engines: async () => ['e2', 'e1', 'e3'].map((engine) => ({ engine, beat: 1 })) }
  await alertsOn({ isTeller: isFirstEngine(leases, 'e2') }).look()
  await alertsOn({ isTeller: isFirstEngine(leases, 'e0') }).look()
  expect(notices).toEqual([])
  await alertsOn({ isTeller: isFirstEngine(leases, 'e1') }).look()
  expect(notices).toHaveLength(1)
})

test('engines that have nobody to tell leave it to those that have', async () => {
  const leases = { engines: async () => ['a1', 'teller-2', 'teller-3'].map((engine) => ({ engine, beat: 1 })) }
  const first = await Promise.all(
    ['a1', 'teller-2', 'teller-3'].map((engine) => isFirstEngine(leases, engine, 'teller-')()),
  )
  expect(first).toEqual([false, true, false])
})

test('an alert of a budget that is no longer configured is told by its key', async () => {
  const { alertsOn, money, notices } = setUp()
  const alert = { at: now, settled: '8', reserved: '0', limit: '10' }
  await money.raise({ ...alert, id: '1', key: 'gone/2026-11/acme/user:eve', mark: '80%' })
  await money.raise({ ...alert, id: '2', key: 'run:r1', mark: '80%' })
  await alertsOn().look()
  expect(notices.map(({ budget, tenant, scope }) => [budget, tenant, scope])).toEqual([
    ['gone', 'acme', 'user:eve'],
    ['run', '', 'run:r1'],
  ])
})

test('a log gets a line', async () => {
  const { alertsOn, pay } = setUp()
  const lines: string[] = []
  await pay(80n)
  await alertsOn({ sinks: [logSink((line) => lines.push(line))] }).look()
  expect(lines).toEqual([expect.stringMatching(/^budget threshold: user:bob has reached 80% of the budget daily/)])
})
