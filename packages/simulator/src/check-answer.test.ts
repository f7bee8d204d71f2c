import { expect, test } from 'vitest'

import { checkAnswer } from './check-answer.ts'

test.each([
  { text: '' },
  { toolCalls: [] },
  { toolCalls: [{ name: 'add', arguments: { a: 1 } }], finishReason: 'tool_calls' },
  { toolCalls: [{ id: 'c1', name: 'add', arguments: '{broken' }] },
  { text: 'x', usage: { inputTokens: 3 }, latency: { headersMs: 0.5 } },
  { fault: { kind: 'refuse', status: 529 } },
  { fault: { kind: 'hang' } },
  { text: 'x', fault: { kind: 'cut', afterChunks: 0, by: 'rst' } },
  { text: 'x', fault: { kind: 'missing-done' } },
  { text: 'x', fault: { kind: 'stall', afterChunks: 1, forMs: 5 } },
  { text: 'x', fault: { kind: 'error-event', afterChunks: 0, status: 529, reason: 'overloaded' } },
  { text: 'x', fault: { kind: 'big-chunk', at: 0, bytes: 10 } },
  { fault: { kind: 'refuse', status: 429, reason: 'quota', retryAfter: 'soon', retryAfterMs: 5, retryBodyInMs: 1 } },
  { body: '<html>', status: 502, headers: { 'content-type': 'text/html' } },
  { chunks: ['data: {}\n\n'], wireUsage: { prompt_tokens: -1 } },
  { finishReason: 'content_filter', modelName: 'n', serviceTier: 'flex', reasoning: 'hm' },
])('an answer passes as it is: %j', (answer) => {
  expect(checkAnswer(answer)).toBe(answer)
})

test.each([
  [undefined, 'an answer is an object'],
  ['text', 'an answer is an object'],
  [[], 'an answer is an object'],
  [{}, '`text`, `toolCalls` or `fault`'],
  [{ text: 3 }, '`text` is a string'],
  [{ toolCalls: {} }, '`toolCalls` is an array'],
  [{ toolCalls: [{ arguments: {} }] }, '`name`'],
  [{ toolCalls: [{ name: 'a' }] }, '`arguments`'],
  [{ toolCalls: [{ name: 'a', arguments: {}, id: 1 }] }, '`id`'],
  [{ text: '', finishReason: 'tool-calls' }, '`finishReason`'],
  [{ text: '', usage: 7 }, '`usage`'],
  [{ text: '', usage: { inputTokens: 1.5 } }, '`usage.inputTokens`'],
  [{ text: '', latency: { headersMs: -1 } }, '`latency.headersMs`'],
  [{ fault: 'hang' }, '`fault` is an object'],
  [{ fault: { kind: 'explode' } }, '`fault.kind`'],
  [{ fault: { kind: 'refuse', status: 200 } }, '`status`'],
  [{ fault: { kind: 'cut', by: 'fin' } }, '`afterChunks`'],
  [{ fault: { kind: 'stall', afterChunks: -1 } }, '`afterChunks`'],
  [{ fault: { kind: 'stall', afterChunks: 1, forMs: 'long' } }, '`forMs`'],
  [{ fault: { kind: 'malformed-chunk' } }, '`at`'],
  [{ fault: { kind: 'error-event', afterChunks: 0, status: 200 } }, '`status`'],
  [{ fault: { kind: 'refuse', status: 429, reason: 'mood' } }, '`reason`'],
  [{ fault: { kind: 'refuse', status: 429, retryAfter: {} } }, '`retryAfter`'],
  [{ fault: { kind: 'refuse', status: 429, retryDateInMs: 'x' } }, '`retryDateInMs`'],
  [{ fault: { kind: 'wrong-content-type', contentType: 1 } }, '`contentType`'],
  [{ text: 'x', modelName: 1 }, '`modelName`'],
  [{ text: 'x', headers: { a: 1 } }, '`headers`'],
  [{ text: 'x', wireUsage: [] }, '`wireUsage`'],
  [{ body: '', status: 99 }, '`status`'],
  [{ chunks: 'x' }, '`chunks`'],
  [{ fault: { kind: 'cut', afterChunks: 1, by: 'scissors' } }, '`by`'],
])('the answer %j is refused and the field named', (answer, named) => {
  expect(() => checkAnswer(answer)).toThrow(
    expect.objectContaining({ code: 'simulator.bad_answer', message: expect.stringContaining(named) }),
  )
})
