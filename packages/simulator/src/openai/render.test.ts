import { expect, test } from 'vitest'

import type { Completion } from './completion.ts'
import { NO_USAGE } from './completion.ts'
import { renderStream, renderUsage } from './render.ts'

const usage = { ...NO_USAGE, inputTokens: 8, outputTokens: 4, cachedInputTokens: 2, reasoningTokens: 1 }
const head = { id: 'id', created: 1, model: 'm "quoted"', serviceTier: undefined, usage: renderUsage(usage) }
const completion: Completion = { text: undefined, reasoning: undefined, calls: [], finishReason: 'stop', usage }

interface Event {
  readonly choices: readonly { readonly delta: object; readonly finish_reason: string | null }[]
  readonly usage?: object | null
}

function events(wire: string): Event[] {
  return wire
    .split('\n\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line.slice('data: '.length)) as Event) // shape asserted by the tests
}

test('every chunk is one piece of output; roles and openings ride along', () => {
  const called = { id: 'c', type: 'function', function: { name: 'add', arguments: '{"a":1}' } } as const
  const { chunks } = renderStream(head, { ...completion, text: 'abcde', calls: [called] }, 4, false)
  expect(chunks.map((chunk) => events(chunk.wire).map((event) => event.choices[0]?.delta))).toEqual([
    [{ role: 'assistant', content: '' }, { content: 'abcd' }],
    [{ content: 'e' }],
    [
      { tool_calls: [{ index: 0, id: 'c', type: 'function', function: { name: 'add', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"a"' } }] },
    ],
    [{ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }],
  ])
  expect(chunks.map((chunk) => chunk.chars)).toEqual([4, 1, 7, 3])
})

test('an empty answer still tells its role', () => {
  const { chunks } = renderStream(head, completion, 4, false)
  expect(chunks.map((chunk) => events(chunk.wire)[0]?.choices[0]?.delta)).toEqual([
    { role: 'assistant', content: null },
  ])
})

test('usage comes last and only when asked for', () => {
  const asked = events(renderStream(head, completion, 4, true).tail)
  expect(asked.map((event) => event.choices[0]?.finish_reason)).toEqual(['stop', undefined])
  expect(asked.map((event) => event.usage)).toEqual([
    null,
    {
      prompt_tokens: 8,
      completion_tokens: 4,
      total_tokens: 12,
      prompt_tokens_details: { cached_tokens: 2 },
      completion_tokens_details: { reasoning_tokens: 1 },
    },
  ])
  const notAsked = events(renderStream(head, completion, 4, false).tail)
  expect(notAsked).toHaveLength(1)
  expect(notAsked[0]).not.toHaveProperty('usage')
})
