// Twenty calls whose price is known to the pico-dollar: from the words of the provider to the money, with the book that ships.
import {
  emptyBuckets,
  formatDollars,
  parseDollars,
  priceCall,
  type PriceCallOptions,
  type Priced,
  type UsageBuckets,
} from '@meepo/core'
import { beforeAll, expect, test } from 'vitest'
import type { ProviderKind } from '../options.ts'
import { PriceList } from '../prices/price-list.ts'
import { shippedPrices } from '../prices/shipped.ts'
import { extractUsage } from './extract.ts'
import { LastWords } from './last-words.ts'

let prices: PriceList
beforeAll(async () => {
  prices = new PriceList(await shippedPrices())
})

const at = Date.parse('2026-11-21T12:00:00Z')

/** Prices the body of an answer as the gateway does. */
function priceBody(
  kind: ProviderKind,
  provider: string,
  model: string,
  body: object,
  options: Partial<PriceCallOptions> = {},
): Priced {
  const words = new LastWords()
  words.see({ model, ...body })
  const told = extractUsage({ kind, words })
  const { serviceTier, region, reportedPicoDollars } = told
  const card = prices.findServed(provider, model, told.model)
  const buckets = { ...told.buckets!, source: 'final' as const }
  return priceCall(card, buckets, { at, serviceTier, region, reportedPicoDollars, ...options })
}

function chat(model: string, usage: object, more: object = {}, options: Partial<PriceCallOptions> = {}): Priced {
  return priceBody('openai', 'openai', model, { usage, ...more }, options)
}

function claude(model: string, usage: object, options: Partial<PriceCallOptions> = {}): Priced {
  return priceBody('anthropic', 'anthropic', model, { usage }, options)
}

function gemini(model: string, usageMetadata: object, options: Partial<PriceCallOptions> = {}): Priced {
  return priceBody('google', 'google', model, { usageMetadata, modelVersion: model }, options)
}

function priceBuckets(provider: string, model: string, parts: Partial<UsageBuckets>): Priced {
  return priceCall(prices.find(provider, model), { ...emptyBuckets, ...parts }, { at })
}

function expectPrice(priced: Priced, dollars: string): void {
  expect(formatDollars(priced.total)).toBe(formatDollars(parseDollars(dollars)))
  expect(priced.status).toBe('priced')
  expect(priced.lines.reduce((sum, { cost }) => sum + cost, 0n)).toBe(priced.ours)
}

test('1: reasoning is inside the output, not added to it', () => {
  const usage = {
    prompt_tokens: 10_000,
    prompt_tokens_details: { cached_tokens: 2_000 },
    completion_tokens: 1_500,
    completion_tokens_details: { reasoning_tokens: 900 },
  }
  expectPrice(chat('gpt-5-mini', usage), '0.005050')
})

test('2: reads and writes are parts of the prompt', () => {
  const details = { cached_tokens: 2_000, cache_write_tokens: 400 }
  const usage = { prompt_tokens: 2_600, prompt_tokens_details: details, completion_tokens: 300 }
  expectPrice(chat('gpt-6-sol', usage), '0.004800')
})

test('3: above the tier the whole request is dear', () => {
  const usage = { prompt_tokens: 300_000, prompt_tokens_details: { cached_tokens: 200_000 }, completion_tokens: 2_000 }
  expectPrice(chat('gpt-6-sol', usage), '0.510000')
})

test('4: exactly at an inclusive tier', () => {
  expectPrice(chat('gpt-5.4', { prompt_tokens: 272_000, completion_tokens: 1_000 }), '1.382500')
})

test('5: served flex', () => {
  const usage = {
    prompt_tokens: 50_000,
    prompt_tokens_details: { cached_tokens: 10_000 },
    completion_tokens: 5_000,
    completion_tokens_details: { reasoning_tokens: 4_000 },
  }
  expectPrice(chat('gpt-5.6-sol', usage, { service_tier: 'flex' }), '0.132000')
})

test('6: requested priority, served default', () => {
  const usage = { prompt_tokens: 50_000, completion_tokens: 5_000 }
  const options = { requestedTier: 'priority' }
  expectPrice(chat('gpt-5.6-sol', usage, { service_tier: 'default' }, options), '0.300000')
})

test('7: a batch with cache reads and writes', () => {
  const usage = {
    input_tokens: 20_000,
    cache_read_input_tokens: 8_000,
    cache_creation_input_tokens: 4_000,
    cache_creation: { ephemeral_5m_input_tokens: 4_000, ephemeral_1h_input_tokens: 0 },
    output_tokens: 3_000,
  }
  expectPrice(claude('claude-haiku-4-5', usage, { requestedTier: 'batch' }), '0.020400')
})

const written = {
  input_tokens: 9,
  cache_read_input_tokens: 20_000,
  cache_creation_input_tokens: 5_000,
  cache_creation: { ephemeral_5m_input_tokens: 2_000, ephemeral_1h_input_tokens: 3_000 },
  output_tokens: 500,
}

test('8: cache writes for five minutes and for an hour', () => {
  expectPrice(claude('claude-opus-5-5', written), '0.048036')
})

test('9: the factor of a region on every token', () => {
  // 0.048036 * 1.1, to the pico-dollar.
  expectPrice(claude('claude-opus-5-5', { ...written, inference_geo: 'us' }), '0.0528396')
})

test('10: compaction passes are added up', () => {
  const usage = {
    input_tokens: 23_000,
    cache_read_input_tokens: 10_000,
    output_tokens: 1_000,
    iterations: [
      { type: 'compaction', input_tokens: 5_000, cache_read_input_tokens: 175_000, output_tokens: 3_500 },
      { type: 'message', input_tokens: 23_000, cache_read_input_tokens: 10_000, output_tokens: 1_000 },
    ],
  }
  expectPrice(claude('claude-opus-5-5', usage), '0.239000')
})

test('11: one token costs five times as much', () => {
  expectPrice(claude('claude-haiku-5-5', { input_tokens: 100_000, output_tokens: 1_000 }), '0.010500')
  expectPrice(claude('claude-haiku-5-5', { input_tokens: 100_001, output_tokens: 1_000 }), '0.0525005')
})

test('12: a long prompt that was cached', () => {
  const usage = { promptTokenCount: 262_960, cachedContentTokenCount: 257_955, candidatesTokenCount: 1_744 }
  expectPrice(gemini('gemini-2.5-pro', usage), '0.10316125')
})

test('13: sound, cached sound, tool results and thoughts', () => {
  const usage = {
    promptTokenCount: 5_000,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 3_000 },
      { modality: 'AUDIO', tokenCount: 2_000 },
    ],
    cachedContentTokenCount: 1_000,
    cacheTokensDetails: [
      { modality: 'TEXT', tokenCount: 600 },
      { modality: 'AUDIO', tokenCount: 400 },
    ],
    toolUsePromptTokenCount: 70,
    candidatesTokenCount: 200,
    thoughtsTokenCount: 300,
  }
  expectPrice(gemini('gemini-2.5-flash', usage), '0.003649')
})

test('14: an image in the output', () => {
  const usage = {
    promptTokenCount: 500,
    candidatesTokenCount: 1_120,
    candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_120 }],
    thoughtsTokenCount: 300,
  }
  expectPrice(gemini('gemini-3-pro-image', usage), '0.139000')
})

test('15: speech in and out', () => {
  const usage = {
    prompt_tokens: 4_000,
    prompt_tokens_details: { cached_tokens: 200, audio_tokens: 3_000 },
    completion_tokens: 2_650,
    completion_tokens_details: { audio_tokens: 2_500 },
  }
  expectPrice(chat('gpt-realtime', usage), '0.261680')
})

test('16: exactly at an inclusive tier of xAI', () => {
  const usage = { prompt_tokens: 200_000, completion_tokens: 1_000 }
  expectPrice(priceBody('openai-compatible', 'xai', 'grok-4.5', { usage }), '0.812000')
})

test('17: web searches', () => {
  const usage = { input_tokens: 1_000, output_tokens: 500, server_tool_use: { web_search_requests: 2 } }
  expectPrice(claude('claude-opus-5', usage), '0.037500')
})

test('18: a model has its own price, not that of its name’s beginning', () => {
  expectPrice(
    claude('claude-sonnet-5-5', { input_tokens: 0, cache_read_input_tokens: 100_000, output_tokens: 0 }),
    '0.010',
  )
})

test('19: a price that changes on a date', () => {
  const usage = { promptTokenCount: 1_000_000, candidatesTokenCount: 1_000_000 }
  expectPrice(gemini('gemini-3.8-flash', usage, { at: Date.parse('2026-11-01') }), '4.50')
  expectPrice(gemini('gemini-3.8-flash', usage, { at: Date.parse('2027-01-15') }), '9.00')
})

test('20: the provider’s own price', () => {
  const usage = { prompt_tokens: 10, completion_tokens: 10, cost: 0.0012 }
  const priced = priceBody('openai-compatible', 'openrouter', 'any/model', { usage })
  expect(priced).toMatchObject({ total: 1_200_000_000n, source: 'provider_reported', status: 'priced' })
})

test('every row of the shipped book that the examples need is there', () => {
  for (const model of ['gpt-6.1-sol', 'gpt-6-astra', 'gpt-6-luna']) expect(prices.find('openai', model)).toBeDefined()
  expectPrice(priceBuckets('openai', 'gpt-6.1-sol', { read: { text: 1_000_000 } }), '0.20')
})
