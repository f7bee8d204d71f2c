import { expect, test } from 'vitest'

import type { ChatBody } from './chat-request.ts'
import { completeAnswer, NO_USAGE } from './completion.ts'

const body: ChatBody = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }

test('text is counted and stops', () => {
  expect(completeAnswer(body, '', { text: 'abcde' })).toEqual({
    text: 'abcde',
    calls: [],
    finishReason: 'stop',
    reasoning: undefined,
    usage: { ...NO_USAGE, inputTokens: 2, outputTokens: 2 },
  })
})

test('input tokens are all text of messages, calls and tools, over four', () => {
  const parameters = { type: 'object' }
  const conversation: ChatBody = {
    model: 'm',
    messages: [
      { role: 'user', content: [{ type: 'text', text: '12345' }, { type: 'image_url' }] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'a', type: 'function', function: { name: 'add', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'a', content: '1234567' },
    ],
    tools: [
      { type: 'function', function: { name: 'add', description: 'adds', parameters } },
      { type: 'function', function: { name: 'now' } },
    ],
  }
  const chars = 5 + 3 + 2 + 7 + 3 + 4 + JSON.stringify(parameters).length + 3
  expect(completeAnswer(conversation, '', { text: '' }).usage.inputTokens).toBe(Math.ceil(chars / 4))
})

test('the same request is given the same call ids, another request others', () => {
  const answer = {
    toolCalls: [
      { name: 'add', arguments: { a: 1 } },
      { name: 'add', arguments: { a: 1 } },
      { id: 'mine', name: 'add', arguments: '{broken' },
    ],
  }
  const ids = (raw: string): string[] => completeAnswer(body, raw, answer).calls.map((call) => call.id)
  expect(ids('one')).toEqual(ids('one'))
  expect(new Set([...ids('one'), ...ids('two')]).size).toBe(5)
  expect(completeAnswer(body, 'one', answer)).toMatchObject({ finishReason: 'tool_calls', usage: { outputTokens: 9 } })
})

test('a limit clips the text and says so', () => {
  expect(completeAnswer({ ...body, max_tokens: 2 }, '', { text: 'abcdefghij' })).toMatchObject({
    text: 'abcdefgh',
    finishReason: 'length',
    usage: { outputTokens: 2 },
  })
  expect(completeAnswer({ ...body, max_tokens: 2 }, '', { text: 'abcdefgh' })).toMatchObject({ finishReason: 'stop' })
})

test('the newer name of the limit wins', () => {
  const both = { ...body, max_tokens: 100, max_completion_tokens: 1 }
  expect(completeAnswer(both, '', { text: 'abcdefghij' })).toMatchObject({ text: 'abcd' })
})

test('a limit clips arguments after the text, and drops calls that do not fit', () => {
  const answer = {
    text: 'abcd',
    toolCalls: [
      { name: 'add', arguments: '{"a":12345}' },
      { name: 'subtract', arguments: '{}' },
    ],
  }
  const completion = completeAnswer({ ...body, max_tokens: 3 }, '', answer)
  expect(completion).toMatchObject({
    calls: [{ function: { name: 'add', arguments: '{"a":' } }],
    finishReason: 'length',
    usage: { outputTokens: 3 },
  })
})

test('reason and counts of the script win', () => {
  const usage = { inputTokens: 1000, outputTokens: 7, cachedInputTokens: 900, reasoningTokens: 5 }
  expect(completeAnswer(body, '', { text: 'x', finishReason: 'content_filter', usage })).toMatchObject({
    finishReason: 'content_filter',
    usage,
  })
})
