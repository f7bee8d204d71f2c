import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import { normalise } from '@meepo/core'
import { expect, test } from 'vitest'
import { estimateUsage } from './estimate.ts'
import { extractUsage } from './extract.ts'
import { LastWords } from './last-words.ts'
import { regionOf } from './region.ts'

const sdk: LanguageModelV4Usage = {
  inputTokens: { total: 10, noCache: 10, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: 5, text: 5, reasoning: undefined },
}
const nothing: LanguageModelV4Usage = {
  inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
  outputTokens: { total: undefined, text: undefined, reasoning: undefined },
}

function words(...said: unknown[]): LastWords {
  const last = new LastWords()
  for (const one of said) last.see(one)
  return last
}

test('nothing told is nothing known, never zero', () => {
  expect(extractUsage({ kind: 'openai' })).toEqual({})
  expect(extractUsage({ kind: 'google', usage: nothing, words: words('[DONE]', null) })).toEqual({})
  const cost = words({ usage: { cost: 0.5 } })
  expect(extractUsage({ kind: 'openai-compatible', usage: nothing, words: cost })).toEqual({})
})

test('the body tells what the adapter loses: sound and the served class', () => {
  const usage = {
    prompt_tokens: 100,
    prompt_tokens_details: {
      cached_tokens: 40,
      audio_tokens: 50,
      image_tokens: 5,
      cached_tokens_details: { audio_tokens: 30, image_tokens: 0 },
    },
    completion_tokens: 60,
    completion_tokens_details: { audio_tokens: 20, reasoning_tokens: 10, image_tokens: 3 },
  }
  const told = extractUsage({
    kind: 'openai',
    usage: { ...sdk, raw: { prompt_tokens: 100, completion_tokens: 60 } },
    words: words({ model: 'gpt-audio-2025', service_tier: 'flex', usage }),
  })
  expect(told).toEqual({
    model: 'gpt-audio-2025',
    serviceTier: 'flex',
    buckets: {
      in: { text: 35, audio: 20, image: 5 },
      read: { text: 10, audio: 30, image: 0 },
      write: { m30: 0, h12: 0, other: 0 },
      out: { text: 27, audio: 20, image: 3, reasoning: 10 },
      units: {},
      flags: [],
      source: 'final',
      raw: usage,
    },
  })
})

test('the Responses API tells its class by the metadata and its searches by its output', () => {
  const response = {
    model: 'gpt-6-sol',
    output: [{ type: 'web_search_call' }, { type: 'message' }, { type: 'web_search_call' }],
    usage: { input_tokens: 10, output_tokens: 5, output_tokens_details: { reasoning_tokens: 2 } },
  }
  const told = extractUsage({
    kind: 'openai',
    usage: sdk,
    metadata: { openai: { serviceTier: 'priority' } },
    words: words(
      { type: 'response.created', response: { model: 'gpt-6-sol' } },
      { type: 'response.completed', response },
    ),
  })
  expect(told).toMatchObject({ serviceTier: 'priority', model: 'gpt-6-sol' })
  expect(normalise(told.buckets!)).toMatchObject({ out: { text: 3, reasoning: 2 }, units: { webSearch: 2 } })
  const quiet = extractUsage({ kind: 'openai', usage: { ...sdk, raw: { input_tokens: 10, output_tokens: 5 } } })
  expect(quiet.buckets?.units).toEqual({})
})

test('Anthropic tells region, class, searches and the models it asked', () => {
  const usage = {
    input_tokens: 10,
    output_tokens: 30,
    output_tokens_details: { thinking_tokens: 12 },
    server_tool_use: { web_search_requests: 2 },
    service_tier: 'standard',
    inference_geo: 'us',
    iterations: [
      { type: 'message', input_tokens: 10, output_tokens: 30 },
      { type: 'advisor_message', model: 'claude-opus-5', input_tokens: 7, output_tokens: 3 },
      { type: 'advisor_message', input_tokens: 1, output_tokens: 1, cache_creation_input_tokens: 4 },
    ],
  }
  const told = extractUsage({ kind: 'anthropic', usage: sdk, words: words({ model: 'claude-haiku-5-5', usage }) })
  expect(told).toMatchObject({ model: 'claude-haiku-5-5', serviceTier: 'standard', region: 'us' })
  expect(normalise(told.buckets!)).toMatchObject({
    in: { text: 10 },
    out: { text: 18, reasoning: 12 },
    units: { webSearch: 2 },
    inner: [
      { model: 'claude-opus-5', in: { text: 7 }, out: { text: 3 } },
      { model: 'unknown', in: { text: 1 }, write: { m5: 4 }, out: { text: 1 } },
    ],
    flags: ['ttl_unknown'],
  })
  const fast = words({ usage: { ...usage, speed: 'fast' } })
  expect(extractUsage({ kind: 'anthropic', usage: sdk, words: fast }).serviceTier).toBe('fast')
})

test('a fallback on the server is billed as the model that served', () => {
  const usage = {
    input_tokens: 10,
    output_tokens: 30,
    iterations: [
      { type: 'message', model: 'claude-fable-5', input_tokens: 10, output_tokens: 0 },
      { type: 'fallback_message', model: 'claude-opus-5', input_tokens: 10, output_tokens: 30 },
    ],
  }
  const told = extractUsage({ kind: 'anthropic', words: words({ model: 'claude-fable-5', usage }) })
  expect(told).toMatchObject({ model: 'claude-opus-5', buckets: { in: { text: 10 }, out: { text: 30 } } })
})

test('chunks of a stream complete each other', () => {
  const last = words(
    { type: 'message_start', message: { model: 'm', usage: { input_tokens: 9, cache_read_input_tokens: 5 } } },
    { type: 'message_delta', usage: { output_tokens: 12, input_tokens: null } },
  )
  expect(extractUsage({ kind: 'anthropic', usage: sdk, words: last })).toMatchObject({
    model: 'm',
    buckets: { in: { text: 9 }, read: { text: 5 }, out: { text: 12 }, source: 'final' },
  })
  const groq = words({ x_groq: { usage: { prompt_tokens: 3, completion_tokens: 4 } } })
  expect(extractUsage({ kind: 'openai-compatible', words: groq }).buckets?.source).toBe('partial')
})

test('Gemini tells kinds of tokens in details, and its class by one of three names', () => {
  const usageMetadata = {
    promptTokenCount: 100,
    promptTokensDetails: [
      { modality: 'TEXT', tokenCount: 60 },
      { modality: 'VIDEO', tokenCount: 30 },
      { modality: 'AUDIO', tokenCount: 10 },
    ],
    toolUsePromptTokenCount: 8,
    toolUsePromptTokensDetails: [{ modality: 'IMAGE', tokenCount: 8 }],
    candidatesTokenCount: 20,
  }
  const body = {
    modelVersion: 'gemini-x',
    usageMetadata,
    candidates: [{ groundingMetadata: { webSearchQueries: ['a', 'b'] } }],
  }
  const told = extractUsage({ kind: 'google', usage: sdk, words: words(body) })
  expect(told.model).toBe('gemini-x')
  expect(normalise(told.buckets!)).toMatchObject({
    in: { text: 60, video: 30, audio: 10, image: 8 },
    out: { text: 20 },
    units: { webSearch: 2 },
    flags: [],
  })
  const tier = (usage: object, metadata = {}): string | undefined =>
    extractUsage({ kind: 'google', usage: sdk, metadata, words: words({ usageMetadata: usage }) }).serviceTier
  expect(tier({ ...usageMetadata, serviceTier: 'flex' })).toBe('flex')
  expect(tier({ ...usageMetadata, trafficType: 'ON_DEMAND' })).toBe('ON_DEMAND')
  expect(tier(usageMetadata, { google: { serviceTier: 'priority' } })).toBe('priority')
})

test('some vendors count reasoning beside the completion', () => {
  const usage = {
    prompt_tokens: 10,
    completion_tokens: 5,
    total_tokens: 35,
    completion_tokens_details: { reasoning_tokens: 20 },
  }
  const { buckets } = extractUsage({ kind: 'openai-compatible', usage: sdk, words: words({ usage }) })
  expect(buckets?.out).toMatchObject({ text: 5, reasoning: 20 })
  const inside = words({ usage: { ...usage, completion_tokens: 25 } })
  expect(extractUsage({ kind: 'openai-compatible', usage: sdk, words: inside }).buckets?.out).toMatchObject({
    text: 5,
    reasoning: 20,
  })
})

test('mad counts are flagged and never negative', () => {
  const bad = words({
    usage: { prompt_tokens: -1, completion_tokens: 1e18, prompt_tokens_details: { cached_tokens: '9' } },
  })
  const { buckets } = extractUsage({ kind: 'openai', words: bad })
  expect(normalise(buckets!)).toMatchObject({
    in: {},
    read: {},
    out: { text: 1_000_000_000 },
    flags: ['usage_invalid'],
  })
  const parts = words({
    usage: {
      prompt_tokens: 10,
      prompt_tokens_details: { cached_tokens: 20, cache_write_tokens_details: { ttl_30m_tokens: 3 } },
      completion_tokens: 5,
    },
  })
  expect(extractUsage({ kind: 'openai', words: parts }).buckets).toMatchObject({
    in: { text: 0 },
    read: { text: 20 },
    write: { m30: 3, other: 0 },
    flags: ['usage_inconsistent'],
  })
})

test('a stream that broke is settled with the last words and what was delivered', () => {
  const start = { type: 'message_start', message: { model: 'm', usage: { input_tokens: 9, output_tokens: 1 } } }
  const { buckets } = extractUsage({ kind: 'anthropic', usage: nothing, words: words(start) })
  expect(buckets?.source).toBe('partial')
  expect(estimateUsage(buckets, { inputTokens: 500, outputTokens: 40 })).toMatchObject({
    in: { text: 9 },
    out: { text: 40 },
    source: 'partial',
  })
  expect(estimateUsage({ ...buckets!, out: {} }, { inputTokens: 1, outputTokens: 2 }).out.text).toBe(2)
})

test('hosts of a region are known by their name', () => {
  expect(regionOf('openai', 'https://eu.api.openai.com/v1')).toBe('eu')
  expect(regionOf('openai', 'https://api.openai.com/v1')).toBe('global')
  expect(regionOf('openai', undefined)).toBe('global')
  expect(regionOf('anthropic', undefined)).toBeUndefined()
})
