// Three processes on one database share limits, cooldowns, budgets and alerts.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { Budget, Limit } from 'meepo'
import { describe, expect, onTestFinished, test } from 'vitest'
import { storeKinds } from './database.ts'
import { openFleet, type Fleet } from './fleet/fleet.ts'
import { tokenPrice, type FleetSettings } from './fleet/settings.ts'

const short = () => ({ text: 'done', usage: { inputTokens: 10, outputTokens: 10 } })
const rate: Limit = { name: 'key', scope: 'key', counts: 'requests', amount: 1_200, per: 'minute', burst: 10 }

/** Lets three processes make so many calls each, all at once, and says how they ended. */
async function storm(
  fleet: Fleet,
  runs: number,
  settings: Omit<FleetSettings, 'database' | 'modelUrl'>,
): Promise<readonly string[]> {
  const crew = await Promise.all([1, 2, 3].map(() => fleet.hire(settings)))
  const ends = await Promise.all(crew.map((worker) => worker.order({ runs, actor: 'a' })))
  await Promise.all(crew.map((worker) => worker.stop()))
  return ends.flat()
}

function refusals(fleet: Fleet): number {
  return fleet.simulator.journal.entries().filter(({ status }) => status === 429).length
}

describe.each(storeKinds)('on %s', (kind) => {
  test('three processes that know the limit of a key never meet it, and all calls end', async () => {
    // The provider forgives clumps, as requests of a busy machine come late; three times the rate it does not.
    const fleet = await openFleet({ script: short, limits: [{ requestsPerMinute: 1_200, burstSeconds: 3 }] }, kind)
    const ends = await storm(fleet, 40, { budgets: [], limits: [rate] })
    expect(new Set(ends)).toEqual(new Set(['completed']))
    expect(ends).toHaveLength(120)
    expect(refusals(fleet)).toBe(0)
  })

  test('a storm of 429 against three processes that expect too much dies down: nobody asks for ever, and nearly all are answered', async () => {
    const fleet = await openFleet({ script: short, limits: [{ requestsPerMinute: 1_200, burstSeconds: 1 }] }, kind)
    const ends = await storm(fleet, 40, { budgets: [], limits: [{ ...rate, amount: 12_000, burst: 60 }] })
    const entries = fleet.simulator.journal.entries()
    const answered = entries.filter(({ billed }) => billed).length
    const refused = refusals(fleet)
    process.stdout.write(`${refused} of ${entries.length} requests of a storm on ${kind} were refused\n`)
    // Whoever was refused six times is told so.
    expect(ends.filter((end) => end !== 'completed' && end !== 'model.rate_limited')).toEqual([])
    expect(answered).toBe(ends.filter((end) => end === 'completed').length)
    expect(answered).toBeGreaterThanOrEqual(100)
    expect(refused).toBeGreaterThan(0)
    // Each process has a hundred repeats, and a tenth of one more for each answer.
    expect(refused).toBeLessThanOrEqual(3 * 100 + answered / 10)
    expect(entries.slice(-10).filter(({ status }) => status === 429)).toEqual([])
    const sends = Map.groupBy(entries, ({ idempotencyKey }) => idempotencyKey)
    expect(Math.max(...[...sends.values()].map((of) => of.length))).toBeLessThanOrEqual(6)
  })

  test('three processes spend a budget to the cent, and each threshold is told once', async () => {
    const hook = await listen()
    const fleet = await openFleet(
      { script: () => ({ text: 'done', usage: { inputTokens: 10, outputTokens: 1_000 } }) },
      kind,
    )
    const daily: Budget = { name: 'daily', scope: 'user', limit: 1, period: 'day', thresholds: [80, 100] }
    const settings = { budgets: [daily], hookUrl: hook.url }
    const crew = await Promise.all([1, 2, 3].map(() => fleet.hire(settings)))
    const order = (actor: string, runs: number) => Promise.all(crew.map((worker) => worker.order({ runs, actor })))
    const ends = (await order('a', 4)).flat()
    expect(ends.filter((end) => end === 'completed')).toHaveLength(10)
    expect(ends.filter((end) => end === 'budget.exceeded')).toHaveLength(2)
    expect(fleet.simulator.journal.entries()).toHaveLength(10)
    expect((await order('b', 1)).flat()).toEqual(['completed', 'completed', 'completed'])
    while ((await fleet.store.money.alerts()).length > 0) await delay(50)
    // As long as any of them takes to look again.
    await delay(2_500)
    expect(hook.told.toSorted()).toEqual(['user:a 100', 'user:a 80'])
    const accounts = await fleet.store.money.accounts('daily/')
    expect(accounts.map(({ settled, reserved }) => [settled, reserved])).toEqual([
      [String(10_000n * tokenPrice), '0'],
      [String(3_000n * tokenPrice), '0'],
    ])
  })
})

/** A receiver of webhooks, and what it was told about thresholds. */
async function listen(): Promise<{ readonly url: string; readonly told: readonly string[] }> {
  const told: string[] = []
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const { type, data } = JSON.parse(body)
      // How far the day has come decides whether a forecast is told as well.
      if (type === 'budget.threshold') told.push(`${data.scope} ${data.threshold}`)
      response.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  // A server that listens on a port has an address with one.
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, told }
}
