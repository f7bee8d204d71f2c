import { expect, test } from 'vitest'
import { chargeFor } from './charge.ts'

const usage = { input: 100, cacheRead: 1_000, cacheWrite: 10, output: 5, reasoning: 7, calls: 1 }

test('every token counts unless the provider says otherwise', () => {
  expect(chargeFor('openai')(usage)).toEqual({ inputTokens: 1_110, outputTokens: 12 })
})

test.each(['anthropic', 'groq'])('%s does not count what was read from a cache', (provider) => {
  expect(chargeFor(provider)(usage)).toEqual({ inputTokens: 110, outputTokens: 12 })
})

test('cerebras gives nothing back of the output that was possible', () => {
  expect(chargeFor('cerebras')(usage)).toEqual({ inputTokens: 1_110 })
})
