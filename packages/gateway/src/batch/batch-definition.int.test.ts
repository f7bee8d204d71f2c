import { createBudgetBook, createStoreAccount, type BudgetBook, type Store } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/memory-store'
import { createEmbeddedEngine, createNodeMachine, type EmbeddedEngine } from '@meepo/engine-embedded'
import { createSimulator, type Simulator, type SimulatorOptions } from '@meepo/simulator'
import { expect, onTestFinished, test } from 'vitest'

import { createGateway } from '../gateway.ts'
import { batchDefinition, type BatchDefinitionOptions } from './batch-definition.ts'

const usage = { inputTokens: 100, outputTokens: 20 }
const requests = ['one', 'two'].map((prompt) => ({ prompt, settings: { maxOutputTokens: 100 } }))

async function simulate(options: SimulatorOptions): Promise<Simulator> {
  const simulator = await createSimulator({ script: () => ({ text: 'hello you', usage }), ...options })
  onTestFinished(() => simulator.close())
  return simulator
}

function engineOn(
  store: Store,
  url: string,
  book: BudgetBook,
  more: Partial<BatchDefinitionOptions> = {},
): { engine: EmbeddedEngine; definition: ReturnType<typeof batchDefinition> } {
  const machine = createNodeMachine()
  const period = {
    rates: { in: { text: 1_000 }, out: { text: 4_000 } },
    service: { batch: { factor: [1, 2] as const } },
  }
  const card = {
    provider: 'openai',
    model: 'm',
    aliases: [],
    version: '1',
    lastVerified: '2026-11-01',
    periods: [period],
  }
  const gateway = createGateway({
    env: {},
    providers: { openai: { kind: 'openai', apiKey: 'k', baseURL: `${url}/v1` } },
    prices: { overrides: [card] },
  })
  const definition = batchDefinition({
    batches: gateway.batch,
    pollMs: 10,
    accountFor: ({ scopes }) =>
      createStoreAccount({ money: store.money, book, scopes, scheduler: machine.scheduler, holdMs: 90_000_000 }),
    ...more,
  })
  const engine = createEmbeddedEngine({ store, machine, models: gateway, budgets: book, beatMs: 50 })
  engine.register(definition)
  return { engine, definition }
}

test('a batch outlives the engine that submitted it, and costs half of what was set aside at most', async () => {
  const clock = { now: Date.now() }
  const { url, journal } = await simulate({ batchMs: 60_000, clock: () => clock.now })
  const store = createMemoryStore()
  const book = createBudgetBook([{ name: 'all', scope: 'tenant', limit: 1, period: 'forever' }])
  const first = engineOn(store, url, book)
  const { runId } = await first.engine.start(first.definition, { model: 'openai:m', requests })
  while ((await store.money.accounts('all/')).every(({ reserved }) => reserved === '0')) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await first.engine.stop()
  expect((await store.money.accounts('all/'))[0]).toMatchObject({ settled: '0' })

  clock.now += 60_000
  const second = engineOn(store, url, book)
  await second.engine.begin()
  const record = await second.engine.handle(runId).result()
  await second.engine.stop()
  const answer = { kind: 'answered', text: 'hello you' }
  expect(record.error).toBeUndefined()
  expect(record.result).toEqual([answer, answer])
  const billed = journal.entries().filter((entry) => entry.billed)
  const lines = await store.money.ledger('system')
  expect(lines.map(({ id }) => id)).toEqual(billed.map(({ attemptId }) => attemptId))
  // Twice (100 * 1,000 + 20 * 4,000) / 2.
  expect((await store.money.accounts('all/'))[0]).toMatchObject({ settled: '180000', reserved: '0' })
})

test('what a batch does not answer in time is asked for the usual way', async () => {
  const { url, journal } = await simulate({ batchMs: 60_000 })
  const store = createMemoryStore()
  const { engine, definition } = engineOn(store, url, createBudgetBook(), { longestMs: 20 })
  const record = await (await engine.start(definition, { model: 'openai:m', requests })).result()
  await engine.stop()
  expect(record.error).toBeUndefined()
  expect(record.result).toHaveLength(2)
  expect(journal.entries().filter(({ billed }) => billed)).toHaveLength(2)
  const outcomes = (await store.money.ledger('system')).map(({ entry }) => entry.outcome)
  expect(outcomes.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['failed', 'failed', 'ok', 'ok'])
})

test('a batch that the provider refuses fails and waits for nobody', async () => {
  const { url } = await simulate({ apiKeys: ['other'] })
  const store = createMemoryStore()
  const { engine, definition } = engineOn(store, url, createBudgetBook())
  const record = await (await engine.start(definition, { model: 'openai:m', requests })).result()
  await engine.stop()
  expect(record).toMatchObject({ status: 'failed', error: { code: 'model.unauthorized' } })
})
