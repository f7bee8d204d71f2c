import { expect, test } from 'vitest'

import { NO_USAGE } from '../openai/completion.ts'
import { bucketsOf } from './buckets.ts'
import { amountOf, readPrices } from './price.ts'

const usage = {
  ...NO_USAGE,
  inputTokens: 1000,
  cachedInputTokens: 600,
  cacheWriteTokens: 100,
  cacheWrite1hTokens: 50,
  outputTokens: 40,
  reasoningTokens: 30,
}
const served = { provider: 'default', model: 'm', serviceTier: 'standard' }

test('every token is in one bucket, and reasoning is delivered first', () => {
  const input = { input: 250, cacheRead: 600, cacheWrite: 100, cacheWrite30m: 0, cacheWrite1h: 50, cacheWrite12h: 0 }
  expect(bucketsOf(usage, 40)).toEqual({ ...input, output: 10, reasoning: 30 })
  expect(bucketsOf(usage, 20)).toEqual({ ...input, output: 0, reasoning: 20 })
  expect(bucketsOf({ ...usage, cachedInputTokens: 2000 }, 0)).toMatchObject({ input: 0, cacheRead: 2000 })
})

test('amounts are whole pico-dollars, whatever their size', () => {
  const prices = readPrices([
    {
      model: 'm',
      rates: {
        input: 4_000_000,
        cacheRead: '200000',
        cacheWrite: 5_000_000n,
        cacheWrite1h: 8_000_000,
        output: 20_000_000,
      },
    },
  ])
  // claude-opus-5-5: 9 fresh, 20,000 read, 2,000 written for 5 minutes, 3,000 for an hour, 500 out.
  const large = {
    ...NO_USAGE,
    inputTokens: 25_009,
    cachedInputTokens: 20_000,
    cacheWriteTokens: 2000,
    cacheWrite1hTokens: 3000,
  }
  expect(amountOf(prices, served, bucketsOf(large, 500))).toBe(48_036_000_000n)
  const huge = { ...NO_USAGE, inputTokens: Number.MAX_SAFE_INTEGER }
  expect(amountOf(prices, served, bucketsOf(huge, 0))).toBe(BigInt(Number.MAX_SAFE_INTEGER) * 4_000_000n)
})

test('rates that are left out follow input and output', () => {
  const prices = readPrices([{ model: '*', rates: { input: 3, output: 5 } }])
  expect(amountOf(prices, served, bucketsOf(usage, 40))).toBe(1000n * 3n + 40n * 5n)
})

test('the first entry that fits is taken: provider, tier, size and model decide', () => {
  const prices = readPrices([
    { model: 'm', aboveInputTokens: 1000, rates: { input: 9 } },
    { model: 'm', serviceTier: 'batch', rates: { input: 1 } },
    { model: 'm', provider: 'other', rates: { input: 7 } },
    { model: 'm', rates: { input: 2 } },
  ])
  const buckets = bucketsOf({ ...NO_USAGE, inputTokens: 1000 }, 0)
  expect(amountOf(prices, served, buckets)).toBe(2000n)
  expect(amountOf(prices, served, { ...buckets, cacheRead: 1 })).toBe(9009n)
  expect(amountOf(prices, { ...served, serviceTier: 'batch' }, buckets)).toBe(1000n)
  expect(amountOf(prices, { ...served, provider: 'other' }, buckets)).toBe(7000n)
  expect(amountOf(prices, { ...served, model: 'm-2' }, buckets)).toBeUndefined()
})
