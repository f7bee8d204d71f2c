import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import type { PriceBook } from '@meepo/core'
import { expect, test } from 'vitest'

import { PriceList } from '../prices/price-list.ts'
import { createProvider } from '../provider.ts'
import { createTarget } from '../target.ts'
import { costOf, reportOf } from './batch-books.ts'

const book: PriceBook = {
  version: '1',
  verifiedAt: '2026-11-01',
  sources: ['a test'],
  cards: [
    {
      provider: 'openai',
      model: 'm',
      aliases: [],
      version: '1',
      lastVerified: '2026-11-01',
      periods: [{ rates: { in: { text: 100 }, out: { text: 1_000 } }, service: { batch: { factor: [1, 2] } } }],
    },
  ],
}
const provider = createProvider('openai', { kind: 'openai', apiKey: 'k' }, { env: {}, fetch: undefined })
const target = createTarget(provider, 'm', provider.credentials[0])
const item = { id: 'b-1', countedTokens: 50, maxOutputTokens: 100, requestHash: 'h' }

function resultOf(count: number): LanguageModelV4GenerateResult {
  const none = { noCache: undefined, cacheRead: undefined, cacheWrite: undefined }
  return {
    content: [{ type: 'text', text: 'word '.repeat(20) }],
    finishReason: { unified: 'stop', raw: 'stop' },
    usage: {
      inputTokens: { total: count, ...none },
      outputTokens: { total: count, text: undefined, reasoning: undefined },
    },
    warnings: [],
  }
}

test.each([-1, Number.NaN, 1e18, Infinity])('a provider that says %d tokens is not believed', (count) => {
  const report = reportOf(item, target, resultOf(count))
  const cost = costOf(report, new PriceList(book), undefined, 0)
  // 50 tokens of input by our own count, and about 30 that were delivered, at half the price.
  expect(cost.status).toBe('estimated')
  expect(Number(cost.picoDollars)).toBeGreaterThan(10_000)
  expect(Number(cost.picoDollars)).toBeLessThan(30_000)
})

test('a provider that says what can be true is', () => {
  const cost = costOf(reportOf(item, target, resultOf(10)), new PriceList(book), undefined, 0)
  expect(cost).toMatchObject({ status: 'settled', picoDollars: '5500', savedPicoDollars: '5500' })
})
