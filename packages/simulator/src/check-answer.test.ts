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
  [{ fault: { kind: 'cut', afterChunks: 1, by: 'scissors' } }, '`by`'],
])('the answer %j is refused and the field named', (answer, named) => {
  expect(() => checkAnswer(answer)).toThrow(
    expect.objectContaining({ code: 'simulator.bad_answer', message: expect.stringContaining(named) }),
  )
})
