import type { ModelRequest } from '@meepo/core'
import { expect, test } from 'vitest'
import { countTextTokens, countTokens } from './count-tokens.ts'
import {
  boundTokens,
  defaultScale,
  estimateTextTokens,
  estimateTokens,
  learnScale,
  mostTokens,
  TokenScales,
} from './estimate-tokens.ts'
import { requestSize } from './request-text.ts'

const text = 'The quick brown fox jumps over the lazy dog, and then it goes home. '.repeat(20)
const request: ModelRequest = {
  messages: [
    { role: 'system', text },
    { role: 'user', text: 'Hi' },
    {
      role: 'assistant',
      text: 'Wait',
      reasoning: 'hm',
      toolCalls: [{ id: '1', name: 'look', arguments: { at: 'it' } }],
    },
    { role: 'tool', callId: '1', tool: 'look', result: { found: true } },
    { role: 'tool', callId: '2', tool: 'look', result: 'nothing' },
    { role: 'assistant', text: 'Done' },
  ],
  tools: [{ name: 'look', description: 'Looks', inputSchema: { type: 'object' } }],
  outputSchema: { type: 'object' },
}

const size = requestSize(request)

test('an estimate is near the count of a tokenizer and never above the sure bound', async () => {
  const exact = await countTokens('openai:gpt-6-sol', request)
  const estimated = estimateTokens(request)
  expect(estimated / exact).toBeGreaterThan(0.9)
  expect(estimated / exact).toBeLessThan(1.4)
  expect(boundTokens(request)).toBeGreaterThan(exact)
  expect(boundTokens(request) / exact).toBeLessThan(1.6)
  expect(mostTokens(request)).toBeGreaterThan(exact)
  expect(estimateTokens(request)).toBe(estimated)
})

test('a text is counted as it is, marks of the tokenizer included', async () => {
  expect(await countTextTokens('hello world')).toBe(2)
  expect(await countTextTokens('<|endoftext|>')).toBeGreaterThan(1)
  expect(estimateTextTokens('12345678901')).toBe(Math.ceil(4 * defaultScale.usual))
})

test('vendors without a published tokenizer are estimated', async () => {
  expect(await countTokens('anthropic:claude-opus-5', request)).toBe(estimateTokens(request))
  expect(await countTokens('openai:o4-mini', { messages: [{ role: 'user', text: 'hello world' }] })).toBe(8)
})

test('what was settled teaches the scale of its model only', () => {
  const scales = new TokenScales()
  const actual = 2 * estimateTokens(request)
  for (let call = 0; call < 60; call++) scales.learn('acme:one', size, actual)
  expect(Math.abs(scales.count('acme:one', size).inputTokens - actual)).toBeLessThan(actual / 100)
  expect(scales.count('acme:two', size).inputTokens).toBe(estimateTokens(request))
  expect(scales.count('acme:one', size).mostInputTokens).toBeGreaterThan(actual)
})

test('a call that says nothing about text teaches nothing', () => {
  const short: ModelRequest = { messages: [{ role: 'user', text: 'Hi' }] }
  expect(learnScale(defaultScale, requestSize(short), 500)).toBe(defaultScale)
  expect(learnScale(defaultScale, size, 0)).toBe(defaultScale)
  expect(learnScale(defaultScale, size, 1e9)).toBe(defaultScale)
})

test('one dear call raises what is set aside at once, many cheap ones lower it slowly', () => {
  const scales = new TokenScales()
  const usual = boundTokens(request)
  scales.learn('acme:one', size, 2 * usual)
  expect(scales.count('acme:one', size).mostInputTokens).toBeGreaterThan(2 * usual)
  for (let call = 0; call < 10; call++) scales.learn('acme:one', size, estimateTokens(request))
  expect(scales.count('acme:one', size).mostInputTokens).toBeGreaterThan(1.5 * usual)
  for (let call = 0; call < 500; call++) scales.learn('acme:one', size, estimateTokens(request))
  expect(scales.count('acme:one', size).mostInputTokens).toBeLessThan(usual)
  expect(scales.count('acme:one', size).mostInputTokens).toBeGreaterThan(estimateTokens(request))
})
