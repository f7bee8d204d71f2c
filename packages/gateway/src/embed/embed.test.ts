import type { EmbeddingModelV4, EmbeddingModelV4CallOptions } from '@ai-sdk/provider'
import { MeepoError, type LimitedCall, type Limiter, type Permit, type PriceBook } from '@meepo/core'
import { createFakeScheduler, type FakeScheduler } from '@meepo/core/testing'
import { expect, test } from 'vitest'

import { booksOf } from '../../test-support/stage-call.ts'
import { PriceList } from '../prices/price-list.ts'
import { createProvider } from '../provider.ts'
import { createTarget } from '../target.ts'
import { TokenScales } from '../tokens/estimate-tokens.ts'
import { createEmbed, type Embedded, type EmbedOptions, type EmbedTools } from './embed.ts'

const book: PriceBook = {
  version: '1',
  verifiedAt: '2026-11-01',
  sources: ['a test'],
  cards: [
    {
      provider: 'p',
      model: 'm',
      aliases: [],
      version: '1',
      lastVerified: '2026-11-01',
      periods: [{ rates: { in: { text: 100 } } }],
    },
  ],
}

interface Setup {
  readonly embed: (options: Partial<EmbedOptions>) => Promise<Embedded>
  readonly sent: EmbeddingModelV4CallOptions[]
  readonly scheduler: FakeScheduler
}

/** A model whose vectors hold the length of the text, and that takes 3 tokens for each. */
function setup(
  refuse: (options: EmbeddingModelV4CallOptions, number: number) => Error | undefined = () => undefined,
  extra: Partial<EmbedTools> & {
    readonly most?: number
    readonly isCounting?: boolean
    readonly perValue?: number
    readonly isHanging?: boolean
  } = {},
): Setup {
  const scheduler = createFakeScheduler({ startAt: 1_800_000_000_000 })
  const sent: EmbeddingModelV4CallOptions[] = []
  const model: EmbeddingModelV4 = {
    specificationVersion: 'v4',
    provider: 'p',
    modelId: 'm',
    maxEmbeddingsPerCall: extra.most ?? 100,
    supportsParallelCalls: true,
    doEmbed(options) {
      sent.push(options)
      if (extra.isHanging) return new Promise(() => {})
      const error = refuse(options, sent.length)
      if (error) return Promise.reject(error)
      const embeddings = options.values.map((text) => [text.length])
      const usage =
        extra.isCounting === false ? {} : { usage: { tokens: (extra.perValue ?? 3) * options.values.length } }
      return Promise.resolve({ embeddings, warnings: [], ...usage })
    },
  }
  const provider = createProvider(
    'p',
    { kind: 'openai-compatible', baseURL: 'http://127.0.0.1:9/v1' },
    { env: {}, fetch },
  )
  const place = { target: createTarget(provider, 'm', provider.credentials[0]), load: () => Promise.resolve(model) }
  let ids = 0
  const embed = createEmbed({
    scheduler,
    random: { next: () => 1 },
    prices: () => new PriceList(book),
    scales: new TokenScales(),
    timeoutMs: 1_000,
    targetOf: () => place,
    newId: () => String((ids += 1)),
    ...extra,
  })
  return { embed: (options) => embed({ model: 'p:m', values: ['a'], ...options }), sent, scheduler }
}

const rejected = new MeepoError('model.rejected', 'no')

test('texts become vectors, in order, with what they cost', async () => {
  const { embed, scheduler } = setup()
  const result = await scheduler.until(embed({ values: ['a', 'bb', 'ccc'] }))
  expect(result).toMatchObject({
    embeddings: [[1], [2], [3]],
    usage: { input: 9, calls: 1 },
    cost: { picoDollars: '900', unpricedCalls: 0 },
    calls: [{ id: 'embed/1.1', entry: { outcome: 'ok', target: 'p:m', cost: { status: 'settled', card: 'p/m@1' } } }],
  })
})

test('calls of the same moment travel together, and each pays its share', async () => {
  const { embed, sent, scheduler } = setup()
  const results = await scheduler.until(Promise.all([embed({ values: ['a'] }), embed({ values: ['b', 'c'] })]))
  expect(sent.map(({ values }) => values)).toEqual([['a', 'b', 'c']])
  expect(results.map(({ embeddings }) => embeddings.length)).toEqual([1, 2])
  expect(results.map(({ cost }) => cost.picoDollars)).toEqual(['300', '600'])
  expect(results.map(({ calls }) => calls[0]!.entry.facts)).toMatchObject([
    { sharedBy: 2, paidBy: 'embed/1.1' },
    { sharedBy: 2, paidBy: 'embed/1.1' },
  ])
  expect(sent[0]!.headers).toEqual({ 'x-meepo-attempt-id': 'embed/1.1' })
})

test.each<[string, Partial<EmbedOptions>]>([
  ['of two tenants', { tenant: 'umbra' }],
  ['of two lengths', { dimensions: 2 }],
  ['with two options', { providerOptions: { p: { kind: 'query' } } }],
])('texts %s never travel together', async (_what, other) => {
  const { embed, sent, scheduler } = setup()
  await scheduler.until(Promise.all([embed({}), embed(other)]))
  expect(sent).toHaveLength(2)
})

test('a request holds no more than the provider takes', async () => {
  const { embed, sent, scheduler } = setup(undefined, { most: 2 })
  const results = await scheduler.until(
    Promise.all([embed({ values: ['a', 'b', 'c'] }), embed({ values: ['d', 'e'] })]),
  )
  expect(sent.every(({ values }) => values.length <= 2)).toBe(true)
  expect(results[0].embeddings).toHaveLength(3)
  expect(results[0].calls.map(({ id }) => id)).toEqual(['embed/1.1', 'embed/1.2'])
})

test('nor more tokens than it may', async () => {
  const { embed, sent, scheduler } = setup(undefined, { collect: { maxTokens: 4 } })
  await scheduler.until(embed({ values: ['1234567890', '123', '1'] }))
  expect(sent.map(({ values }) => values.length)).toEqual([1, 2])
})

test('a bad text fails only its own caller', async () => {
  const { embed, sent, scheduler } = setup(({ values }) => (values.includes('bad') ? rejected : undefined))
  const calls = ['a', 'b', 'bad', 'c', 'd'].map((text) => embed({ values: [text] }))
  const ended = await scheduler.until(Promise.allSettled(calls))
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled'])
  expect(sent.length).toBeLessThanOrEqual(7)
})

test('what may succeed later is repeated, and every request has its line', async () => {
  const overloaded = new MeepoError('model.overloaded', 'busy')
  const { embed, scheduler } = setup((_options, number) => (number < 3 ? overloaded : undefined))
  const { calls, cost } = await scheduler.until(embed({}))
  expect(calls.map(({ id, entry }) => [id, entry.outcome, entry.try])).toEqual([
    ['embed/1.1', 'failed', 1],
    ['embed/1.2', 'failed', 2],
    ['embed/1.3', 'ok', 3],
  ])
  expect(cost.picoDollars).toBe('300')
})

test('at most maxRetries times', async () => {
  const { embed, sent, scheduler } = setup(() => new MeepoError('model.overloaded', 'busy'))
  await expect(scheduler.until(embed({ maxRetries: 2 }))).rejects.toMatchObject({ code: 'model.overloaded' })
  expect(sent).toHaveLength(3)
})

test('a provider that does not answer is given up, and what it may bill is estimated', async () => {
  const { embed, scheduler } = setup(undefined, { timeoutMs: 50, isHanging: true })
  const books = booksOf('acme')
  const call = embed({ account: books, maxRetries: 0 })
  await expect(scheduler.until(call)).rejects.toMatchObject({ code: 'model.timeout' })
  expect(books.lines).toMatchObject([
    { entry: { outcome: 'failed', cost: { status: 'estimated', picoDollars: '100' } } },
  ])
})

test.each<[string, () => Error]>([
  ['a connection that was reset', () => Object.assign(new Error('reset'), { cause: { code: 'ECONNRESET' } })],
  ['an answer that is none', () => new MeepoError('model.bad_response', 'garbage', { details: { status: 200 } })],
])('%s may be billed, and is booked as an estimate', async (_what, failure) => {
  const { embed, scheduler } = setup(failure)
  const account = booksOf('acme')
  await expect(scheduler.until(embed({ account, maxRetries: 0 }))).rejects.toMatchObject({ name: 'MeepoError' })
  expect(account.lines).toMatchObject([
    { entry: { outcome: 'failed', cost: { status: 'estimated', picoDollars: '100' } } },
  ])
})

test('a refusal is free', async () => {
  const error = new MeepoError('model.unavailable', 'no', { details: { status: 500 } })
  const { embed, scheduler } = setup(() => error)
  const account = booksOf('acme')
  await expect(scheduler.until(embed({ account, maxRetries: 0 }))).rejects.toBe(error)
  expect(account.lines).toMatchObject([{ entry: { outcome: 'failed', cost: { status: 'zero', picoDollars: '0' } } }])
})

test('what a caller left under way may be billed, and is booked as an estimate', async () => {
  const { embed, scheduler, sent } = setup(undefined, { isHanging: true })
  const account = booksOf('acme')
  const leaving = new AbortController()
  const call = embed({ account, signal: leaving.signal })
  call.catch(() => {})
  while (sent.length === 0) await scheduler.advance(10)
  leaving.abort()
  await expect(scheduler.until(call)).rejects.toMatchObject({ code: 'task.cancelled' })
  expect(account.lines).toMatchObject([
    { entry: { outcome: 'aborted', cost: { status: 'estimated', picoDollars: '100' } } },
  ])
})

test('a budget that refuses is told, and nothing is sent', async () => {
  const { embed, sent, scheduler } = setup()
  const books = booksOf('acme')
  const account = {
    ...books,
    open: () => Promise.resolve({ kind: 'refused', budget: 'b', scope: 'tenant:acme', limit: '5', left: '1' } as const),
  }
  await expect(scheduler.until(embed({ account }))).rejects.toMatchObject({ code: 'budget.exceeded' })
  expect(sent).toEqual([])
  expect(books.lines).toMatchObject([{ entry: { outcome: 'refused', cost: { picoDollars: '0' } } }])
})

test('without the provider’s count the cost is estimated', async () => {
  const { embed, scheduler } = setup(undefined, { isCounting: false })
  const { cost, calls } = await scheduler.until(embed({ values: ['twenty characters !!'] }))
  expect(calls[0]!.entry.cost).toMatchObject({ status: 'estimated', picoDollars: '600' })
  expect(cost.uncertainCalls).toBe(1)
})

test('without a price it is said', async () => {
  const { embed, scheduler } = setup(undefined, { prices: () => new PriceList({ ...book, cards: [] }) })
  const { cost } = await scheduler.until(embed({}))
  expect(cost).toMatchObject({ picoDollars: '0', unpricedCalls: 1 })
})

function gate(refusal?: MeepoError): { limiter: Limiter; seen: LimitedCall[]; ended: unknown[] } {
  const seen: LimitedCall[] = []
  const ended: unknown[] = []
  const permit: Permit = {
    id: 'x',
    waitedMs: 0,
    settle: (used) => void ended.push(used),
    release: () => void ended.push('released'),
    learn: () => {},
  }
  const acquire = (call: LimitedCall): Promise<Permit> => {
    seen.push(call)
    return refusal ? Promise.reject(refusal) : Promise.resolve(permit)
  }
  const inspect = (): Promise<never> => Promise.reject(new Error('nobody looks'))
  return { limiter: { acquire, inspect, close: () => Promise.resolve() }, seen, ended }
}

test('a request passes the limits once, for all who travel in it', async () => {
  const { limiter, seen, ended } = gate()
  const { embed, scheduler } = setup(undefined, { limiter })
  await scheduler.until(Promise.all([embed({}), embed({})]))
  await scheduler.until(embed({ account: { ...booksOf('acme'), scopes: ['tenant:acme', 'user:bob'] } }))
  expect(seen.map(({ scopes }) => scopes)).toEqual([
    { tenant: 'default', provider: 'p', key: 'p/default', model: 'p:m' },
    { tenant: 'acme', provider: 'p', key: 'p/default', model: 'p:m', user: 'bob' },
  ])
  expect(ended).toEqual([{ inputTokens: 6 }, { inputTokens: 3 }])
})

test('limits that refuse are told to all, and nothing is sent or set aside', async () => {
  const { limiter } = gate(new MeepoError('limit.exceeded', 'full'))
  const { embed, sent, scheduler } = setup(undefined, { limiter })
  const ended = await scheduler.until(Promise.allSettled([embed({}), embed({})]))
  expect(ended).toMatchObject([{ reason: { code: 'limit.exceeded' } }, { reason: { code: 'limit.exceeded' } }])
  expect(sent).toEqual([])
})

test('who was aborted gets nothing, the others do', async () => {
  const { embed, scheduler, sent } = setup()
  const leaving = new AbortController()
  const calls = [embed({ signal: leaving.signal }), embed({})]
  await scheduler.settle()
  leaving.abort()
  const [left, stayed] = await scheduler.until(Promise.allSettled(calls))
  expect(left).toMatchObject({ status: 'rejected', reason: { code: 'task.cancelled' } })
  expect(stayed?.status).toBe('fulfilled')
  expect(sent[0]!.values).toEqual(['a'])
})

test.each<[string, Partial<EmbedOptions>]>([
  ['model', { model: '' }],
  ['values', { values: [] }],
  ['values[1]', { values: ['a', ''] }],
  ['dimensions', { dimensions: 0 }],
  ['maxRetries', { maxRetries: -1 }],
  ['tenant', { tenant: '' }],
  ['tenant', { tenant: 'a', account: booksOf('b') }],
  ['id', { id: '' }],
])('a wrong %s is refused', async (place, options) => {
  const { embed, sent } = setup()
  await expect(embed(options)).rejects.toMatchObject({ code: 'request.invalid', details: { place } })
  expect(sent).toEqual([])
})

/** The result, after the moment in which calls are collected. */
async function scheduled<T>(scheduler: FakeScheduler, result: Promise<T>): Promise<T> {
  await scheduler.advance(5)
  return await result
}

/** Books that remember what was announced as well. */
function announcing() {
  const books = booksOf('acme')
  const announced: (bigint | null)[] = []
  const open: typeof books.open = (intent) => {
    announced.push(intent.picoDollars)
    return books.open(intent)
  }
  return { account: { ...books, open }, lines: books.lines, announced }
}

test('what is set aside grows with what a model was seen to make of texts', async () => {
  const text = 'word '.repeat(100)
  const { embed, scheduler } = setup(undefined, { perValue: 300 })
  const { account, announced } = announcing()
  for (let call = 0; call < 2; call++) await scheduled(scheduler, embed({ values: [text], account }))
  expect(announced[0]).toBeLessThan(30_000n)
  expect(announced[1]).toBeGreaterThanOrEqual(30_000n)
})

test.each([-1, 1.5, Number.NaN, 1e18, Infinity])(
  'a provider that says %d tokens is not believed: our own count is booked, flagged, and nothing is learnt',
  async (perValue) => {
    const { embed, scheduler } = setup(undefined, { perValue })
    const { account, lines, announced } = announcing()
    const text = 'word '.repeat(100)
    const { cost } = await scheduled(scheduler, embed({ values: [text], account }))
    expect(BigInt(cost.picoDollars)).toBeGreaterThan(5_000n)
    expect(BigInt(cost.picoDollars)).toBeLessThan(30_000n)
    expect(lines).toMatchObject([{ entry: { cost: { status: 'estimated' }, facts: { flags: ['usage_invalid'] } } }])
    await scheduled(scheduler, embed({ values: [text], account }))
    expect(announced[1]).toBe(announced[0])
  },
)
