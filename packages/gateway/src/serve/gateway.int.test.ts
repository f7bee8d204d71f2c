import { createSimulator, type Simulator, type SimulatorOptions } from '@meepo/simulator'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'

import { booksOf, type Books } from '../../test-support/stage-call.ts'
import { createGateway } from '../gateway.ts'
import type { Gateway, GatewayOptions } from '../options.ts'

const usage = { inputTokens: 100, outputTokens: 20 }
// $1 and $4 for a million tokens.
const paid = '180000000'

async function open(
  simulated: SimulatorOptions,
  options: GatewayOptions = {},
): Promise<{ gateway: Gateway; simulator: Simulator; sent: () => number }> {
  const simulator = await createSimulator({ script: () => ({ text: 'hello you', usage }), ...simulated })
  onTestFinished(() => simulator.close())
  const apiKey = 'k'
  const overrides = ['openai', 'anthropic', 'google'].map((provider) => ({ provider, model: 'm', input: 1, output: 4 }))
  const gateway = createGateway({
    env: {},
    providers: {
      openai: { kind: 'openai', apiKey, baseURL: `${simulator.url}/v1` },
      anthropic: { kind: 'anthropic', apiKey, baseURL: `${simulator.url}/v1` },
      google: { kind: 'google', apiKey, baseURL: `${simulator.url}/v1beta` },
    },
    prices: { overrides },
    ...options,
  })
  return { gateway, simulator, sent: () => simulator.journal.entries().filter(({ billed }) => billed).length }
}

function outcomes(books: Books): readonly string[] {
  return books.lines.map(({ entry }) => entry.outcome)
}

const models = ['openai:m', 'anthropic:m', 'google:m']

test.each(models)('%s: a question is answered with its cost, and the line is the one of the invoice', async (model) => {
  const { gateway, simulator } = await open({})
  const account = booksOf('acme')
  const { text, cost, calls } = await gateway.generate({ model, prompt: 'hello', account })
  expect(text).toBe('hello you')
  expect(cost).toEqual({ picoDollars: paid, savedPicoDollars: '0', unpricedCalls: 0, uncertainCalls: 0 })
  expect(simulator.journal.entries().map(({ attemptId }) => attemptId)).toEqual(calls.map(({ id }) => id))
  expect(account.lines).toEqual(calls)
})

test.each(models)('%s: a stream', async (model) => {
  const { gateway } = await open({ chunkSize: 5 })
  const answer = gateway.stream({ model, prompt: 'hello' })
  const pieces: string[] = []
  for await (const piece of answer) pieces.push(piece)
  expect(pieces.length).toBeGreaterThan(1)
  expect(pieces.join('')).toBe('hello you')
  expect((await answer.final).cost.picoDollars).toBe(paid)
})

test('a value of a schema, after one repair', async () => {
  const { gateway, sent } = await open({
    script: ({ messages }) => ({ text: messages.length > 1 ? '{"sum":5}' : 'five', usage }),
  })
  const result = await gateway.generateStructured({
    model: 'openai:m',
    prompt: '2 + 3',
    schema: z.object({ sum: z.int() }),
  })
  expect(result.value).toEqual({ sum: 5 })
  expect(sent()).toBe(2)
})

test('the second equal call of a tenant is free, that of another tenant is not', async () => {
  const { gateway, sent } = await open({})
  const ask = { model: 'openai:m', prompt: 'hello', routing: { cacheMs: 60_000 } }
  const [first, second, other] = [booksOf('acme'), booksOf('acme'), booksOf('umbra')]
  await gateway.generate({ ...ask, account: first })
  const hit = await gateway.generate({ ...ask, account: second })
  await gateway.generate({ ...ask, account: other })
  expect([first, second, other].map(outcomes)).toEqual([['ok'], ['cached'], ['ok']])
  expect(hit.cost).toMatchObject({ picoDollars: '0', savedPicoDollars: paid })
  expect(sent()).toBe(2)
  const streamed = gateway.stream({ ...ask, account: second })
  const pieces: string[] = []
  for await (const piece of streamed) pieces.push(piece)
  expect(pieces).toEqual(['hello you'])
})

test('calls with temperature 0 share when the gateway lets them', async () => {
  const ask = { model: 'openai:m', prompt: 'hello', settings: { temperature: 0 } }
  const without = await open({})
  await without.gateway.generate(ask)
  await without.gateway.generate(ask)
  expect(without.sent()).toBe(2)
  const { gateway, sent } = await open({}, { cache: { deterministicMs: 60_000 } })
  await gateway.generate(ask)
  await gateway.generate(ask)
  expect(sent()).toBe(1)
})

test('ten equal calls in flight are one request, and nine are told what they saved', async () => {
  const { gateway, sent } = await open({ latency: { headersMs: 30 } })
  const books = Array.from({ length: 10 }, () => booksOf('acme'))
  const ask = { model: 'openai:m', prompt: 'hello', routing: { cacheMs: 1 } }
  const answers = await Promise.all(books.map((account) => gateway.generate({ ...ask, account })))
  expect(sent()).toBe(1)
  expect(books.map(outcomes).filter(([outcome]) => outcome === 'shared')).toHaveLength(9)
  expect(new Set(answers.map(({ text }) => text))).toEqual(new Set(['hello you']))
})

test.each(['openai:m', 'google:m'])(
  '%s: texts become vectors, and calls of a moment are one request',
  async (model) => {
    const { gateway, simulator } = await open({})
    const results = await Promise.all([
      gateway.embed({ model, values: ['a', 'b'] }),
      gateway.embed({ model, values: ['c'] }),
    ])
    expect(results.map(({ embeddings }) => embeddings.length)).toEqual([2, 1])
    expect(results[0].embeddings[0]!.length).toBeGreaterThan(1)
    expect(simulator.journal.entries()).toHaveLength(1)
    expect(results.every(({ cost }) => cost.unpricedCalls === 0 && BigInt(cost.picoDollars) > 0n)).toBe(true)
  },
)

test('a provider without embeddings says so', async () => {
  const { gateway } = await open({})
  await expect(gateway.embed({ model: 'anthropic:m', values: ['a'] })).rejects.toMatchObject({
    code: 'model.not_found',
  })
})

test.each(models)('%s: calls that can wait travel in a batch', async (model) => {
  const { gateway, simulator } = await open({ batchMs: 30 }, { waiting: { collectMs: 10, pollMs: 20 } })
  const books = [booksOf('acme'), booksOf('acme')]
  const ask = { model, prompt: 'hello', routing: { canWait: true } }
  const answers = await Promise.all(books.map((account) => gateway.generate({ ...ask, account })))
  expect(answers.map(({ text }) => text)).toEqual(['hello you', 'hello you'])
  const billed = simulator.journal.entries().filter(({ billed: isBilled }) => isBilled)
  expect(billed.every(({ batchId }) => batchId !== undefined)).toBe(true)
  expect(new Set(billed.map(({ attemptId }) => attemptId))).toEqual(new Set(books.map(({ lines }) => lines[0]!.id)))
  expect(books[0]!.lines[0]!.entry.facts).toMatchObject({ requestedTier: 'batch', canWait: true })
})

test('a call whose batch takes too long goes the usual way', async () => {
  const { gateway, sent } = await open({ batchMs: 60_000 }, { waiting: { collectMs: 1, pollMs: 10, longestMs: 30 } })
  const books = booksOf('acme')
  const { text } = await gateway.generate({
    model: 'openai:m',
    prompt: 'hello',
    routing: { canWait: true },
    account: books,
  })
  expect(text).toBe('hello you')
  expect(sent()).toBe(1)
  expect(outcomes(books)).toEqual(['failed', 'ok'])
  expect(books.lines.map(({ entry }) => entry.cost.picoDollars)).toEqual(['0', paid])
})

test('who is aborted while a batch is under way is told at once, and the batch is given up', async () => {
  const { gateway, simulator, sent } = await open({ batchMs: 60_000 }, { waiting: { collectMs: 1, pollMs: 10 } })
  const leaving = new AbortController()
  const account = booksOf('acme')
  const ask = { model: 'openai:m', prompt: 'hello', routing: { canWait: true }, signal: leaving.signal, account }
  const asking = gateway.generate(ask)
  const isUnderWay = (): boolean => simulator.journal.entries().some(({ path }) => path === '/v1/batches')
  while (!isUnderWay()) await new Promise((resolve) => setTimeout(resolve, 2))
  leaving.abort()
  await expect(asking).rejects.toMatchObject({ code: 'task.cancelled' })
  while (account.lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  expect(outcomes(account)).toEqual(['failed'])
  expect(sent()).toBe(0)
})

test('a provider without batches is called the usual way', async () => {
  const { gateway, simulator } = await open({})
  const local = createGateway({
    env: {},
    providers: { local: { kind: 'openai-compatible', baseURL: `${simulator.url}/v1` } },
  })
  expect((await local.generate({ model: 'local:m', prompt: 'hello', routing: { canWait: true } })).text).toBe(
    'hello you',
  )
  await expect(gateway.generate({ model: 'nobody:m', prompt: 'hello' })).rejects.toMatchObject({
    code: 'model.unknown_name',
  })
})

test.each<[GatewayOptions]>([[{ cache: { deterministicMs: -1 } }], [{ cache: { maxBytes: 0 } }]])(
  'a cache of %j is refused',
  (options) => {
    expect(() => createGateway({ env: {}, ...options })).toThrow(expect.objectContaining({ code: 'config.invalid' }))
  },
)
