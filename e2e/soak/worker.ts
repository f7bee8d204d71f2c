import { createBudgetBook, createLimiter, type PriceCard } from '@meepo/core'
import { createEmbeddedEngine, createNodeMachine } from '@meepo/engine-embedded'
import { createGateway, transportCounts } from '@meepo/gateway'
import { openSqliteStore } from '@meepo/store-sqlite'
import { leaseMs, poorBudget, rates, readSettings } from './settings.ts'
import { noteWaits } from './waits.ts'
import { soakAgent } from './workload.ts'

/*
 * One worker of a soak: an engine, a gateway with limits and prices, and budgets, over the file that all workers share.
 */

const { database, folder, modelUrl, concurrency, tokensPerMinute, worker } = readSettings()
const machine = createNodeMachine()
const store = await openSqliteStore({ path: database })
const card: PriceCard = {
  provider: 'sim',
  model: 'soak-1',
  aliases: [],
  version: '1',
  lastVerified: new Date().toISOString().slice(0, 10),
  limits: { contextTokens: 100_000, maxOutputTokens: 4_000 },
  can: ['tools'],
  periods: [
    {
      rates: { in: { text: rates.input }, read: { text: rates.cacheRead }, out: { text: rates.output } },
    },
  ],
}
const limiter = createLimiter({
  limits: [
    {
      name: 'key',
      scope: 'key',
      counts: 'tokens',
      amount: tokensPerMinute,
      per: 'minute',
      burst: tokensPerMinute / 60,
    },
    { name: 'at-once', scope: 'tenant', counts: 'concurrent', amount: 200 },
  ],
  counters: store.counters,
  scheduler: machine.scheduler,
  random: machine.random,
  leaseMs,
})
const gateway = createGateway({
  providers: { sim: { kind: 'openai-compatible', baseURL: `${modelUrl}/v1`, apiKey: 'soak' } },
  prices: { overrides: [card] },
  limiter: noteWaits(limiter, folder, worker),
})
const engine = createEmbeddedEngine({
  store,
  models: gateway,
  concurrency,
  budgets: createBudgetBook([
    { name: 'poor', scope: 'tenant', value: 'poor', limit: poorBudget, period: 'month', kind: 'hard' },
    { name: 'users', scope: 'session', limit: '$100', period: 'day', kind: 'hard' },
    { name: 'fleet', scope: 'agent', limit: '$1000', period: 'month', kind: 'soft' },
  ]),
  onNotice: ({ code, message, runId }) => process.stderr.write(`${code} ${runId ?? ''} ${message}\n`),
})
engine.register(soakAgent('sim:soak-1'))

process.on('message', (message) => {
  if (message === 'stop') void stop()
})
process.on('disconnect', () => process.exit(1))
await engine.begin()
setInterval(() => process.send?.({ kind: 'open', runs: 0, sockets: transportCounts().sockets }), 100).unref()
process.send?.({ kind: 'ready' })

async function stop(): Promise<void> {
  await engine.stop()
  await limiter.close()
  process.send?.({ kind: 'open', runs: 0, sockets: transportCounts().sockets })
  await store.close()
  process.exit(0)
}
