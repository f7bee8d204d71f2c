import type { PriceBook } from '@meepo/core'
import { createSimulator, type Simulator, type SimulatorOptions } from '@meepo/simulator'
import { expect, onTestFinished, test } from 'vitest'

import { booksOf } from '../../test-support/stage-call.ts'
import { deadUrl } from '../../test-support/wire.ts'
import type { ProviderKind } from '../options.ts'
import { PriceList } from '../prices/price-list.ts'
import { createProvider } from '../provider.ts'
import { TokenScales } from '../tokens/estimate-tokens.ts'
import { createBatches, type Batches } from './batch-service.ts'
import { createBatchTarget } from './batch-target.ts'
import type { BatchTools } from './batches.ts'

const kinds = [
  { kind: 'openai', path: '/v1' },
  { kind: 'anthropic', path: '/v1' },
  { kind: 'google', path: '/v1beta' },
] as const

function bookOf(provider: string): PriceBook {
  const rates = { in: { text: 100 }, out: { text: 1_000 } }
  const periods = [{ rates, service: { batch: { factor: [1, 2] as const } } }]
  const card = { provider, model: 'm', aliases: [], version: '1', lastVerified: '2026-11-01', periods }
  return { version: '1', verifiedAt: '2026-11-01', sources: ['a test'], cards: [card] }
}

async function simulate(options: SimulatorOptions): Promise<Simulator> {
  const simulator = await createSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator
}

function batchesAt(kind: ProviderKind, baseURL: string, more: Partial<BatchTools> = {}): Batches {
  const provider = createProvider(kind, { kind, apiKey: 'k', baseURL }, { env: {}, fetch: undefined })
  let ids = 0
  return createBatches({
    prices: () => new PriceList(bookOf(kind)),
    scheduler: { now: () => Date.now() },
    targetOf: (name) => createBatchTarget(provider, name.slice(name.indexOf(':') + 1)),
    newId: () => String((ids += 1)),
    ...more,
  })
}

const requests = ['one', 'two', 'three'].map((prompt) => ({ prompt, settings: { maxOutputTokens: 100 } }))

test.each(kinds)(
  '$kind: a batch is submitted, waited for and booked at half the price, item by item',
  async ({ kind, path }) => {
    const clock = { now: Date.now() }
    const { url, journal } = await simulate({
      batchMs: 60_000,
      clock: () => clock.now,
      script: ({ messages }) => ({
        text: `about ${JSON.stringify(messages.at(-1)?.content)}`,
        usage: { inputTokens: 10, outputTokens: 4 },
      }),
    })
    const batches = batchesAt(kind, `${url}${path}`)
    const books = booksOf('acme')
    const ticket = await batches.submit({ model: `${kind}:m`, requests, account: books, id: 'mine' })
    expect(JSON.parse(JSON.stringify(ticket))).toEqual(ticket)
    expect(ticket.items.map(({ id }) => id)).toEqual(['mine-1', 'mine-2', 'mine-3'])
    expect(await batches.poll(ticket)).toMatchObject({ status: 'pending' })
    clock.now += 60_000
    expect(await batches.poll(ticket)).toMatchObject({ status: 'completed' })

    // Another process goes on with the ticket.
    const { outcomes, cost } = await batchesAt(kind, `${url}${path}`).results(ticket, { account: books })
    expect(outcomes.map((one) => one.kind === 'answered' && one.response.text)).toEqual([
      expect.stringContaining('one'),
      expect.stringContaining('two'),
      expect.stringContaining('three'),
    ])
    // (10 * 100 + 4 * 1,000) / 2, three times.
    expect(cost).toEqual({ picoDollars: '7500', savedPicoDollars: '7500', unpricedCalls: 0, uncertainCalls: 0 })
    const billed = journal.entries().filter((entry) => entry.billed)
    expect(books.lines.map(({ id }) => id)).toEqual(billed.map(({ attemptId }) => attemptId))
    expect(books.lines[0]!.entry).toMatchObject({
      outcome: 'ok',
      cost: { status: 'settled' },
      facts: { batchId: ticket.batchId, canWait: true, requestedTier: 'batch', maxOutputTokens: 100 },
    })
  },
)

test.each(kinds)('$kind: an item that fails costs nothing and leaves the others alone', async ({ kind, path }) => {
  const { url } = await simulate({
    script: ({ messages }) =>
      JSON.stringify(messages).includes('two')
        ? { fault: { kind: 'refuse', status: 400 } }
        : { text: 'fine', usage: { inputTokens: 10, outputTokens: 4 } },
  })
  const batches = batchesAt(kind, `${url}${path}`)
  const ticket = await batches.submit({ model: `${kind}:m`, requests })
  const { outcomes, cost } = await batches.results(ticket)
  expect(outcomes.map((one) => one.kind)).toEqual(['answered', 'failed', 'answered'])
  expect(cost.picoDollars).toBe('5000')
})

test.each(kinds)('$kind: a batch that was cancelled tells it of every request', async ({ kind, path }) => {
  const { url } = await simulate({ batchMs: 60_000 })
  const batches = batchesAt(kind, `${url}${path}`)
  const books = booksOf('acme')
  const ticket = await batches.submit({ model: `${kind}:m`, requests, account: books })
  await batches.cancel(ticket)
  expect((await batches.poll(ticket)).status).not.toBe('pending')
})

test('a provider that cannot be reached books nothing', async () => {
  const books = booksOf('acme')
  const batches = batchesAt('openai', await deadUrl())
  await expect(batches.submit({ model: 'openai:m', requests, account: books })).rejects.toMatchObject({
    code: 'model.unavailable',
    notSent: true,
  })
  expect(books.lines.map(({ entry }) => [entry.outcome, entry.cost.picoDollars])).toEqual([
    ['not_sent', '0'],
    ['not_sent', '0'],
    ['not_sent', '0'],
  ])
})

test('a budget with room for two of three sends none', async () => {
  const { url, journal } = await simulate({})
  const books = booksOf('acme')
  let opened = 0
  const account = {
    ...books,
    open: (intent: Parameters<typeof books.open>[0]) => {
      opened += 1
      if (opened < 3) return books.open(intent)
      return Promise.resolve({ kind: 'refused', budget: 'b', scope: 'tenant:acme', limit: '5', left: '1' } as const)
    },
  }
  const submitted = batchesAt('openai', `${url}/v1`).submit({ model: 'openai:m', requests, account })
  await expect(submitted).rejects.toMatchObject({ code: 'budget.exceeded' })
  expect(journal.entries()).toEqual([])
  expect(books.lines.map(({ entry }) => entry.outcome)).toEqual(['refused', 'not_sent', 'not_sent'])
})

test.each([
  ['requests', { requests: [] }],
  ['requests[0]', { requests: [{ prompt: '' }] }],
  ['id', { requests, id: 'a/b' }],
  ['model', { requests, model: '' }],
])('a wrong %s is refused', async (place, options) => {
  const submitted = batchesAt('openai', 'http://127.0.0.1:9').submit({ model: 'openai:m', ...options })
  await expect(submitted).rejects.toMatchObject({ code: 'request.invalid', details: { place } })
})

/** Announces are granted as they are, or what `ceiling` says where there is no price. */
function announcing() {
  const books = booksOf('acme')
  const announced: (bigint | null)[] = []
  const open: typeof books.open = ({ picoDollars, ceiling }) => {
    announced.push(picoDollars)
    return Promise.resolve({ kind: 'granted', picoDollars: picoDollars ?? ceiling ?? null })
  }
  return { account: { ...books, open }, announced }
}

test.each(['m', 'nobody-knows'])(
  'a provider is told how many tokens were paid for, where neither request nor model has a limit: %s',
  async (model) => {
    const { url, journal } = await simulate({})
    const { account } = announcing()
    await batchesAt('openai', `${url}/v1`).submit({ model: `openai:${model}`, requests: [{ prompt: 'go' }], account })
    expect(JSON.stringify(journal.entries())).toContain('16384')
  },
)

test('what is set aside grows with what a model was seen to make of texts', async () => {
  const { url } = await simulate({})
  const scales = new TokenScales()
  const { account, announced } = announcing()
  const prompt = 'word '.repeat(200)
  const requests = [{ prompt, settings: { maxOutputTokens: 1 } }]
  const batches = batchesAt('openai', `${url}/v1`, { scales })
  await batches.submit({ model: 'openai:m', requests, account })
  scales.learn('openai:m', { weight: 300, pieces: 1 }, 800)
  const ticket = await batches.submit({ model: 'openai:m', requests, account })
  expect(Number(announced[1])).toBeGreaterThan(1.5 * Number(announced[0]))
  expect(ticket.items[0]?.mostInputTokens).toBeGreaterThan(400)
})
