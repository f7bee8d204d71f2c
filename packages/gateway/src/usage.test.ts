import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import { expect, test } from 'vitest'

import { toUsage } from './usage.ts'

type Counts = LanguageModelV4Usage['inputTokens']

function reported(
  input: Partial<Counts>,
  output: Partial<LanguageModelV4Usage['outputTokens']>,
  raw = {},
): LanguageModelV4Usage {
  return {
    inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined, ...input },
    outputTokens: { total: undefined, text: undefined, reasoning: undefined, ...output },
    raw,
  }
}

test('no count is no usage, never zero', () => {
  expect(toUsage(undefined, 'openai')).toBeUndefined()
  expect(toUsage(reported({}, {}), 'openai')).toBeUndefined()
  expect(toUsage(reported({ total: 1 }, {}), 'openai')).toBeUndefined()
  expect(toUsage(reported({ total: 0 }, { total: 0 }), 'openai')).toMatchObject({ input: 0, output: 0, calls: 1 })
})

test('read and written tokens are parts of the total', () => {
  const usage = reported(
    { total: 2_600, noCache: 200, cacheRead: 2_000, cacheWrite: 400 },
    { total: 300, text: 100, reasoning: 200 },
  )
  expect(toUsage(usage, 'openai')).toEqual({
    input: 200,
    cacheRead: 2_000,
    cacheWrite: 400,
    output: 100,
    reasoning: 200,
    calls: 1,
  })
})

test('compatible servers name cached tokens in ways that their adapter does not know', () => {
  const input = { total: 100, noCache: 90, cacheRead: 10 }
  const counts = { prompt_tokens: 100, completion_tokens: 5 }
  const written = reported(
    input,
    { total: 5 },
    { ...counts, prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 40 } },
  )
  expect(toUsage(written, 'openai-compatible')).toMatchObject({ input: 50, cacheRead: 10, cacheWrite: 40 })
  const flat = reported(
    input,
    { total: 5 },
    { ...counts, prompt_tokens_details: { cached_tokens: 10 }, cache_write_tokens: 30 },
  )
  expect(toUsage(flat, 'openai-compatible')).toMatchObject({ input: 60, cacheRead: 10, cacheWrite: 30 })
  const hits = reported(
    { total: 100, noCache: 100, cacheRead: 0 },
    { total: 5 },
    { ...counts, prompt_cache_hit_tokens: 64 },
  )
  expect(toUsage(hits, 'openai-compatible')).toMatchObject({ input: 36, cacheRead: 64, cacheWrite: 0 })
})

test('parts that exceed their total never make a negative count', () => {
  const usage = reported({ total: 10, noCache: 0, cacheRead: 20 }, { total: 5, reasoning: 9 })
  expect(toUsage(usage, 'google')).toMatchObject({ input: 0, cacheRead: 20, output: 0, reasoning: 9 })
})

test('after a fallback on the server the totals are those of the answer', () => {
  const raw = {
    input_tokens: 10,
    cache_read_input_tokens: 20,
    output_tokens: 5,
    iterations: [
      { type: 'message', input_tokens: 9 },
      { type: 'fallback_message', input_tokens: 9 },
    ],
  }
  const usage = reported({ total: 30, noCache: 10, cacheRead: 20, cacheWrite: 0 }, { total: 5 }, raw)
  expect(toUsage(usage, 'anthropic')).toMatchObject({ input: 10, cacheRead: 20, cacheWrite: 0, output: 5 })
})
