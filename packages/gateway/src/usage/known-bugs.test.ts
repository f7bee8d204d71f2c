// Mistakes that other systems made with money, by the thread that reported them. None of them may happen here.
import {
  formatDollars,
  normalise,
  priceCall,
  toUsage,
  type PriceCallOptions,
  type PriceCard,
  type Priced,
  type UsageBuckets,
} from '@meepo/core'
import { beforeAll, expect, test } from 'vitest'
import { freeEntry } from '../pipeline/stage.ts'
import type { ProviderKind } from '../options.ts'
import { PriceList } from '../prices/price-list.ts'
import { shippedPrices } from '../prices/shipped.ts'
import { simplePrice } from '../prices/simple-price.ts'
import { estimateUsage } from './estimate.ts'
import { extractUsage, type Extracted } from './extract.ts'
import { LastWords } from './last-words.ts'

let prices: PriceList
beforeAll(async () => {
  prices = new PriceList(await shippedPrices())
})

const at = Date.parse('2026-11-21T12:00:00Z')

function told(kind: ProviderKind, ...said: object[]): Extracted {
  const words = new LastWords()
  for (const one of said) words.see(one)
  return extractUsage({ kind, words })
}

function buckets(kind: ProviderKind, body: object): UsageBuckets {
  return { ...told(kind, body).buckets!, source: 'final' }
}

function price(card: PriceCard | undefined, usage: UsageBuckets, options: Partial<PriceCallOptions> = {}): Priced {
  return priceCall(card, usage, { at, ...options })
}

function dollars(priced: Priced): string {
  return formatDollars(priced.total)
}

const cached = { prompt_tokens: 10_000, prompt_tokens_details: { cached_tokens: 8_000 }, completion_tokens: 0 }

test('litellm#6215 #14849 #14874 #11364 #9812: cached tokens are counted once', () => {
  const usage = buckets('openai', { usage: cached })
  expect([usage.in.text, usage.read.text]).toEqual([2_000, 8_000])
  const gemini = { promptTokenCount: 10_000, cachedContentTokenCount: 8_000, candidatesTokenCount: 1 }
  const google = buckets('google', { usageMetadata: gemini })
  expect([google.in.text, google.read.text]).toEqual([2_000, 8_000])
  // 2,000 * 0.25 + 8,000 * 0.025
  expect(dollars(price(prices.find('openai', 'gpt-5-mini'), usage))).toBe('$0.000700')
})

test('litellm#40006: own prices count cached tokens once as well', () => {
  const own = simplePrice({ provider: 'acme', model: 'm', input: 1, output: 1, cacheRead: 0.1 })
  expect(dollars(price(own, buckets('openai-compatible', { usage: cached })))).toBe('$0.002800')
})

test('litellm#33772 coder/mux#3705: written tokens are found and billed as written', () => {
  const details = { cached_tokens: 0, cache_write_tokens: 4_000 }
  const usage = buckets('openai', {
    usage: { prompt_tokens: 5_000, prompt_tokens_details: details, completion_tokens: 0 },
  })
  expect(toUsage(normalise(usage))).toMatchObject({ input: 1_000, cacheWrite: 4_000 })
  // 1,000 * 2 + 4,000 * 2.5
  expect(dollars(price(prices.find('openai', 'gpt-6-sol'), usage))).toBe('$0.012000')
  const responses = {
    input_tokens: 5_000,
    input_tokens_details: {
      cache_write_tokens: 4_000,
      cache_write_tokens_details: { ttl_30m_tokens: 1_000, ttl_12h_tokens: 2_000 },
    },
    output_tokens: 0,
  }
  expect(buckets('openai', { usage: responses }).write).toEqual({ m30: 1_000, h12: 2_000, other: 1_000 })
})

test('litellm#30135: size tiers of own cards are used', () => {
  const rates = { in: { text: 1 }, out: { text: 1 } }
  const dear = { in: { text: 2 }, out: { text: 2 } }
  const own: PriceCard = {
    ...simplePrice({ provider: 'acme', model: 'm', input: 1, output: 1 }),
    periods: [{ rates, sizeTiers: [{ at: 200_000, op: 'gt', rates: dear }] }],
  }
  const list = new PriceList(prices.book, [own])
  const usage = buckets('openai', { usage: { prompt_tokens: 200_001, completion_tokens: 0 } })
  expect(price(list.find('acme', 'm'), usage).total).toBe(400_002n)
})

test('litellm#13810: flex is half of standard', () => {
  const { buckets: usage, serviceTier } = told('openai', { usage: cached, service_tier: 'flex' })
  const standard = price(prices.find('openai', 'gpt-5-mini'), usage!)
  expect(price(prices.find('openai', 'gpt-5-mini'), usage!, { serviceTier }).total * 2n).toBe(standard.total)
})

test('litellm#31837: the class that was served is billed, not the requested one', () => {
  const { buckets: usage, serviceTier } = told('openai', { usage: cached, service_tier: 'default' })
  const card = prices.find('openai', 'gpt-5.6-sol')
  const priced = price(card, usage!, { serviceTier, requestedTier: 'priority' })
  expect(priced.total).toBe(price(card, usage!).total)
})

test('litellm#35925: reasoning costs what the served class says', () => {
  const usage = {
    prompt_tokens: 0,
    completion_tokens: 1_000,
    completion_tokens_details: { reasoning_tokens: 1_000 },
  }
  const card = prices.find('openai', 'gpt-5.6-sol')
  const priced = price(card, buckets('openai', { usage }), { serviceTier: 'priority' })
  expect(dollars(priced)).toBe('$0.04')
})

test('litellm#37724: Vertex tells the class as a type of traffic', () => {
  const usageMetadata = { promptTokenCount: 1_000, candidatesTokenCount: 0, trafficType: 'ON_DEMAND_FLEX' }
  const { buckets: usage, serviceTier } = told('google', { usageMetadata })
  expect(price(prices.find('google', 'gemini-2.5-flash'), usage!, { serviceTier })).toMatchObject({
    total: 150_000_000n,
    service: 'flex',
  })
})

test('litellm#39861 #38341: a batch has its own rates for long requests and for the cache', () => {
  const batch = { requestedTier: 'batch' }
  const long = buckets('openai', { usage: { prompt_tokens: 300_000, completion_tokens: 0 } })
  expect(dollars(price(prices.find('openai', 'gpt-6-sol'), long, batch))).toBe('$0.60')
  const claude = { input_tokens: 0, cache_read_input_tokens: 1_000_000, output_tokens: 0 }
  expect(
    dollars(price(prices.find('anthropic', 'claude-haiku-4-5'), buckets('anthropic', { usage: claude }), batch)),
  ).toBe('$0.05')
  // Google bills cache hits of a batch like any others.
  const gemini = { promptTokenCount: 100_000, cachedContentTokenCount: 100_000, candidatesTokenCount: 0 }
  const card = prices.find('google', 'gemini-2.5-flash')
  expect(dollars(price(card, buckets('google', { usageMetadata: gemini }), batch))).toBe('$0.003000')
})

test('litellm#38802: the price of an endpoint that bills wins', () => {
  const { buckets: usage, reportedPicoDollars } = told('openai-compatible', {
    usage: { prompt_tokens: 1_000, completion_tokens: 0, cost: 0.0012 },
  })
  const own = simplePrice({ provider: 'acme', model: 'm', input: 1, output: 1 })
  expect(price(own, usage!, { reportedPicoDollars })).toMatchObject({
    total: 1_200_000_000n,
    ours: 1_000_000_000n,
    flags: ['price_drift'],
  })
  const fee = { prompt_tokens: 1, completion_tokens: 0, cost: 0.0012, is_byok: true }
  expect(told('openai-compatible', { usage: fee }).reportedPicoDollars).toBeUndefined()
  const odd = { prompt_tokens: 1, completion_tokens: 0, cost: -1 }
  expect(told('openai-compatible', { usage: odd }).reportedPicoDollars).toBeUndefined()
})

test('litellm#27065 pydantic-ai#5065: all passes of a compaction are billed', () => {
  const pass = { input_tokens: 5_000, cache_read_input_tokens: 175_000, output_tokens: 3_500 }
  const iterations = [
    { type: 'compaction', ...pass, cache_creation: { ephemeral_1h_input_tokens: 70 }, cache_creation_input_tokens: 70 },
    { type: 'message', input_tokens: 23_000, output_tokens: 1_000 },
  ]
  const usage = buckets('anthropic', { usage: { input_tokens: 23_000, output_tokens: 1_000, iterations } })
  expect(normalise(usage)).toMatchObject({
    in: { text: 28_000 },
    read: { text: 175_000 },
    write: { h1: 70 },
    out: { text: 4_500 },
    flags: [],
  })
})

test('litellm#14749 #21816: an answer from the cache costs nothing and says what it saved', () => {
  const cost = { status: 'settled', picoDollars: '4800000000' } as const
  const paid = {
    response: { text: '', toolCalls: [], finish: 'stop', usage: {} as never, model: 'm' },
    id: 'a.1',
    entry: { target: 't', outcome: 'ok', cost, usage: {} as never, startedAt: 0, durationMs: 1, try: 1 },
  } as const
  expect(freeEntry('cached', paid as never, { startedAt: 5, durationMs: 0 }).cost).toMatchObject({
    picoDollars: '0',
    savedPicoDollars: '4800000000',
  })
})

test('litellm#37992: an explicit zero stays zero', () => {
  const zero = buckets('openai', { usage: { prompt_tokens: 0, completion_tokens: 0 } })
  expect(estimateUsage(zero, { inputTokens: 500, outputTokens: 100 })).toBe(zero)
})

test('litellm#30630 #33736 #36008: a client that leaves pays for what was sent and delivered', () => {
  const silent = told('openai', { model: 'gpt-5-mini', choices: [] })
  expect(silent.buckets).toBeUndefined()
  const usage = estimateUsage(silent.buckets, { inputTokens: 500, outputTokens: 100 })
  expect(usage).toMatchObject({ in: { text: 500 }, out: { text: 100 }, source: 'estimated' })
  expect(price(prices.find('openai', 'gpt-5-mini'), usage)).toMatchObject({ total: 325_000_000n, source: 'estimated' })
})

test('sub2api#4408: who leaves before the first token does not pay for an answer', () => {
  const start = { type: 'message_start', message: { model: 'm', usage: { input_tokens: 700, output_tokens: 1 } } }
  const usage = estimateUsage(told('anthropic', start).buckets, { inputTokens: 500, outputTokens: 0 })
  expect(usage).toMatchObject({ in: { text: 700 }, out: { text: 1 }, source: 'partial' })
})

test('posthog-js#2829 sentry-javascript#21488: totals of the adapter contain the cached tokens', () => {
  const { buckets: usage } = extractUsage({
    kind: 'openai',
    usage: {
      inputTokens: { total: 10_000, noCache: 2_000, cacheRead: 8_000, cacheWrite: undefined },
      outputTokens: { total: 50, text: 30, reasoning: 20 },
    },
  })
  expect(normalise(usage!)).toMatchObject({
    in: { text: 2_000 },
    read: { text: 8_000 },
    out: { text: 30, reasoning: 20 },
    source: 'final',
  })
})

test('langsmith-sdk#2519: cached tokens stand beside the input at Anthropic and inside it at OpenAI', () => {
  const anthropic = { input_tokens: 2_000, cache_read_input_tokens: 8_000, output_tokens: 0 }
  expect(toUsage(buckets('anthropic', { usage: anthropic }))).toMatchObject({ input: 2_000, cacheRead: 8_000 })
  expect(toUsage(buckets('openai', { usage: cached }))).toMatchObject({ input: 2_000, cacheRead: 8_000 })
})

test('anthropic-sdk-java#353: a split of zeros beside a total is five minutes, and told', () => {
  const usage = buckets('anthropic', {
    usage: {
      input_tokens: 0,
      cache_creation_input_tokens: 4_000,
      cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
      output_tokens: 0,
    },
  })
  expect(usage).toMatchObject({ write: { m5: 4_000, h1: 0 }, flags: ['ttl_unknown'] })
})

test('tokscale#862 opik#6982 genai-prices#115: a tier holds for the whole request, output and cache included', () => {
  const card = prices.find('google', 'gemini-2.5-pro')
  const cost = (prompt: number): string =>
    dollars(
      price(
        card,
        buckets('google', {
          usageMetadata: { promptTokenCount: prompt, cachedContentTokenCount: 100_000, candidatesTokenCount: 1_000 },
        }),
      ),
    )
  // 100,000 * 1.25 + 100,000 * 0.125 + 1,000 * 10, and 100,001 * 2.5 + 100,000 * 0.25 + 1,000 * 15
  expect([cost(200_000), cost(200_001)]).toEqual(['$0.147500', '$0.2900025'])
})
