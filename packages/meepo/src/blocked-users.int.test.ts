import type { AlertNotice, LedgerEntry } from '@meepo/core'
import { webhookSink } from '@meepo/gateway'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { answerOf, costOf, openStage, talker, until } from '../test-support/stage.ts'
import { handlerSink, logSink, type Budget, type Meepo, type RunOptions } from './index.ts'

const talk = talker()
/** One dollar: ten answers of $0.10. */
const daily: Budget = { name: 'daily', scope: 'user', limit: 1, period: 'day', thresholds: [80, 100] }

async function ask(meepo: Meepo, who: RunOptions): Promise<string> {
  const { status, error } = await meepo.run(talk, 'go', { tenant: 'acme', ...who })
  return error?.code ?? status
}

/** A receiver of webhooks. */
interface Hook {
  readonly url: string
  readonly ids: string[]
  readonly thresholds: number[]
}

async function listen(): Promise<Hook> {
  const ids: string[] = []
  const thresholds: number[] = []
  const server = createServer((request, response) => {
    ids.push(String(request.headers['webhook-id']))
    void text(request).then((body) => {
      const { type, data } = JSON.parse(body)
      if (type === 'budget.threshold') thresholds.push(data.threshold)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  // A server that listens on a port has an address with one.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, ids, thresholds }
}

test('user A is warned once at 80 % by every sink and blocked at 100 %, while user B of the tenant goes on', async () => {
  const stage = await openStage()
  const hook = await listen()
  const notices: AlertNotice[] = []
  const lines: string[] = []
  const alerts = [
    // How far the day has come decides whether a forecast is told as well.
    logSink((line) => void (line.startsWith('budget threshold') && lines.push(line))),
    handlerSink((notice) => void (notice.kind === 'threshold' && notices.push(notice))),
    webhookSink({ url: hook.url, secret: 'whsec_BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=' }),
  ]
  const [one, other] = [
    await stage.open({ budgets: [daily], alerts, definitions: [talk as never] }),
    await stage.open({ budgets: [daily], alerts, definitions: [talk as never] }),
  ]
  for (let call = 0; call < 7; call++) expect(await ask(call % 2 ? one : other, { actor: 'a' })).toBe('completed')
  expect(await one.store.money.alerts()).toEqual([])
  expect(await ask(one, { actor: 'a' })).toBe('completed')
  await until(() => notices.length > 0)
  expect(notices).toMatchObject([{ budget: 'daily', scope: 'user:a', threshold: 80, spent: String(costOf(8_000)) }])
  for (const fleet of [one, other]) expect(await ask(fleet, { actor: 'a' })).toBe('completed')

  const before = stage.sent()
  const { runId, error } = await other.run(talk, 'go', { tenant: 'acme', actor: 'a' })
  const midnight = new Date(Math.floor(Date.now() / 86_400_000 + 1) * 86_400_000).toISOString()
  expect(error).toMatchObject({
    code: 'budget.exceeded',
    retryable: false,
    details: { budget: 'daily', scope: 'user:a', leftPicoDollars: '0', resetsAt: midnight },
  })
  expect(error?.message).toContain(`has $0.00 left`)
  expect(error?.message).toContain(midnight)
  expect(stage.sent()).toBe(before)
  expect(await linesOf(other, runId)).toMatchObject([{ entry: { outcome: 'refused', cost: { picoDollars: '0' } } }])
  for (const fleet of [one, other]) expect(await ask(fleet, { actor: 'b' })).toBe('completed')
  expect(stage.sent()).toBe(before + 2)

  await until(async () => (await one.store.money.alerts()).length === 0)
  expect(notices.map(({ threshold, scope }) => `${scope} ${threshold}`)).toEqual(['user:a 80', 'user:a 100'])
  expect(lines).toHaveLength(2)
  expect(new Set(hook.ids).size).toBe(hook.ids.length)
  expect(hook.thresholds).toEqual([80, 100])
})

test.each([true, false])(
  'a process with nobody to tell leaves alerts to one that has, also when that runs nothing (%s)',
  async (isIdle) => {
    const stage = await openStage({ script: () => answerOf(900) })
    const told: string[] = []
    const silent = await stage.open({ budgets: [daily] })
    expect(await ask(silent, { actor: 'b' })).toBe('completed')
    const alerts = [handlerSink(({ kind, scope }) => void (kind === 'threshold' && told.push(scope)))]
    const telling = await stage.open({ budgets: [daily], alerts })
    const payer = isIdle ? silent : telling
    for (let call = 0; call < 9; call++) expect(await ask(payer, { actor: 'a' })).toBe('completed')
    await until(async () => (await telling.store.money.alerts()).length === 0)
    expect(told).toEqual(['user:a'])
  },
)

test('two sessions of one user have a budget each', async () => {
  const stage = await openStage()
  const budget: Budget = { name: 'talk', scope: 'session', limit: '0.20', period: 'hour' }
  const meepo = await stage.open({ budgets: [budget] })
  const [one, other] = [
    { actor: 'a', sessionId: 's1' },
    { actor: 'a', sessionId: 's2' },
  ]
  const ends: string[] = []
  for (const who of [one, one, one, other, other, other]) ends.push(await ask(meepo, who))
  expect(ends).toEqual(['completed', 'completed', 'budget.exceeded', 'completed', 'completed', 'budget.exceeded'])
  expect(stage.sent()).toBe(4)
})

test('fifty calls of one user at once, in two fleets, never overspend', async () => {
  const stage = await openStage({ latency: { headersMs: 5 } })
  const fleets = [await stage.open({ budgets: [daily] }), await stage.open({ budgets: [daily] })]
  const asked = Array.from({ length: 50 }, async (_, call) => fleets[call % 2]?.run(talk, 'go', { actor: 'a' }))
  const ends = (await Promise.all(asked)).map((record) => record?.error?.code ?? record?.status)
  expect(ends.filter((end) => end === 'completed')).toHaveLength(10)
  expect(ends.filter((end) => end === 'budget.exceeded')).toHaveLength(40)
  expect(stage.sent()).toBe(10)
  const [state] = (await fleets[0]?.costs.budgets()) ?? []
  expect(state).toMatchObject({ spent: String(costOf(10_000)), reserved: '0', left: '0' })
})

async function linesOf(meepo: Meepo, runId: string): Promise<readonly LedgerEntry[]> {
  return meepo.store.money.ledger({ tenant: 'acme' }, { runId })
}
