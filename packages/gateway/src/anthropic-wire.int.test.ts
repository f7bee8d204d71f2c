import type { ServerResponse } from 'node:http'

import type { ModelRequest } from '@meepo/core'
import { expect, onTestFinished, test } from 'vitest'

import { callOf, errorOf, hello, openWire, sendEvents, sendJson, type Seen, type Wire } from '../test-support/wire.ts'
import { createGateway } from './gateway.ts'
import type { Gateway, GatewayWarning } from './options.ts'

function gatewayOf(wire: Wire, warnings: GatewayWarning[] = []): Gateway {
  return createGateway({
    env: { ANTHROPIC_API_KEY: 'sk-ant' },
    providers: { anthropic: { kind: 'anthropic', baseURL: `${wire.url}/v1` } },
    onWarning: (warning) => warnings.push(warning),
    maxRetries: 0,
  })
}

const usage = { input_tokens: 12, cache_read_input_tokens: 100, cache_creation_input_tokens: 30, output_tokens: 9 }

const message = {
  type: 'message',
  id: 'msg_1',
  role: 'assistant',
  model: 'claude-served',
  content: [
    { type: 'thinking', thinking: 'hm', signature: 'sig-1' },
    { type: 'text', text: 'Let me add.' },
    { type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1 } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage,
}

const start = {
  type: 'message_start',
  message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
}
const block = (index: number, content: object, ...deltas: object[]): object[] => [
  { type: 'content_block_start', index, content_block: content },
  ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
  { type: 'content_block_stop', index },
]
const end = [
  { type: 'message_delta', delta: { stop_reason: 'tool_use', stop_sequence: null }, usage },
  { type: 'message_stop' },
]
const events = [
  start,
  { type: 'ping' },
  ...block(
    0,
    { type: 'thinking', thinking: '' },
    { type: 'thinking_delta', thinking: 'h' },
    { type: 'thinking_delta', thinking: 'm' },
    { type: 'signature_delta', signature: 'sig-1' },
  ),
  ...block(
    1,
    { type: 'text', text: '' },
    { type: 'text_delta', text: 'Let me ' },
    { type: 'text_delta', text: 'add.' },
  ),
  ...block(
    2,
    { type: 'tool_use', id: 'toolu_1', name: 'add', input: {} },
    { type: 'input_json_delta', partial_json: '{"a":' },
    { type: 'input_json_delta', partial_json: ' 1}' },
  ),
  ...end,
]

const answer = (response: ServerResponse, { body }: Seen): void =>
  body['stream'] === true ? sendEvents(response, events) : sendJson(response, 200, message)

const tools = [
  { name: 'add', description: 'Adds.', inputSchema: { type: 'object', properties: { a: { type: 'number' } } } },
]

test.each([false, true])('an answer of Anthropic arrives whole, watched %s', async (watched) => {
  const wire = await openWire(onTestFinished, answer)
  const deltas: string[] = []
  const call = callOf(watched ? { onText: (delta) => deltas.push(delta) } : {})
  const response = await gatewayOf(wire)
    .resolve('anthropic:claude-x')
    .call({ ...hello, tools }, call)
  expect(response).toMatchObject({
    text: 'Let me add.',
    reasoning: 'hm',
    toolCalls: [{ id: 'toolu_1', name: 'add', arguments: { a: 1 } }],
    finish: 'tool-calls',
    model: 'claude-served',
    usage: { input: 12, cacheRead: 100, cacheWrite: 30, output: 9, reasoning: 0, calls: 1 },
  })
  expect(deltas).toEqual(watched ? ['Let me ', 'add.'] : [])

  // The next turn gives back what Anthropic signed.
  const { text, toolCalls, reasoning, carry } = JSON.parse(JSON.stringify(response)) as typeof response
  await gatewayOf(wire)
    .resolve('anthropic:claude-x')
    .call(
      {
        tools,
        messages: [
          { role: 'system', text: 'Be brief.' },
          ...hello.messages,
          { role: 'assistant', text, toolCalls, ...(reasoning ? { reasoning } : {}), ...(carry ? { carry } : {}) },
          { role: 'tool', callId: 'toolu_1', tool: 'add', result: { sum: 1 } },
        ],
      },
      call,
    )
  const { body } = wire.seen.at(-1) ?? {}
  expect(body).toMatchObject({
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'hello' }] },
      {
        role: 'assistant',
        content: [
          { type: 'thinking', thinking: 'hm', signature: 'sig-1' },
          { type: 'text', text: 'Let me add.' },
          { type: 'tool_use', id: 'toolu_1', name: 'add', input: { a: 1 } },
        ],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'toolu_1', content: '{"sum":1}' }] },
    ],
  })
})

test('settings and ids reach the wire, and what Anthropic does not take is said once', async () => {
  const wire = await openWire(onTestFinished, answer)
  const warnings: GatewayWarning[] = []
  const model = gatewayOf(wire, warnings).resolve('anthropic:claude-sonnet-4-5')
  const request: ModelRequest = {
    ...hello,
    tools,
    settings: {
      temperature: 0.5,
      maxOutputTokens: 77,
      stop: ['END'],
      seed: 1,
      providerOptions: { anthropic: { metadata: { userId: 'u-1' } } },
    },
  }
  await model.call(request, callOf())
  await model.call(request, callOf())
  const [first] = wire.seen
  expect(first?.path).toBe('/v1/messages')
  expect(first?.headers).toMatchObject({
    'x-api-key': 'sk-ant',
    'x-meepo-attempt-id': 'attempt-1.1',
    'idempotency-key': 'key-1',
  })
  expect(first?.body).toMatchObject({
    model: 'claude-sonnet-4-5',
    temperature: 0.5,
    max_tokens: 77,
    stop_sequences: ['END'],
    metadata: { user_id: 'u-1' },
    tools: [{ name: 'add', description: 'Adds.', input_schema: tools[0]?.inputSchema }],
    tool_choice: { type: 'auto' },
  })
  expect(warnings).toEqual([{ model: model.id, message: 'the setting seed is ignored' }])
})

test('a stream that ends anywhere before its end is never an answer', async () => {
  for (let length = 0; length < events.length - 1; length += 1) {
    const wire = await openWire(onTestFinished, (response) => sendEvents(response, events.slice(0, length)))
    const error = await errorOf(
      gatewayOf(wire)
        .resolve('anthropic:m')
        .call(hello, callOf({ onText: () => {} })),
    )
    // After message_delta the reason is known, but not that this was all.
    expect({ length, code: error.code }).toEqual({ length, code: 'model.interrupted' })
  }
})

test('a malformed chunk fails the stream even if a regular end follows', async () => {
  const wire = await openWire(onTestFinished, (response) =>
    sendEvents(response, [...events.slice(0, 8), '{"type":', ...events.slice(8)]),
  )
  const error = await errorOf(
    gatewayOf(wire)
      .resolve('anthropic:m')
      .call(hello, callOf({ onText: () => {} })),
  )
  expect(error).toMatchObject({ code: 'model.interrupted' })
})

const overload = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
test.each([0, 1, 8])('an overload said inside the stream, after %s events', async (after) => {
  const wire = await openWire(onTestFinished, (response) => sendEvents(response, [...events.slice(0, after), overload]))
  const error = await errorOf(
    gatewayOf(wire)
      .resolve('anthropic:m')
      .call(hello, callOf({ onText: () => {} })),
  )
  expect(error).toMatchObject({ code: 'model.overloaded' })
})

test.each([
  [529, 'overloaded_error', 'Overloaded', 'model.overloaded'],
  [429, 'rate_limit_error', 'slow down', 'model.rate_limited'],
  [401, 'authentication_error', 'invalid x-api-key', 'model.unauthorized'],
  [403, 'permission_error', 'no', 'model.unauthorized'],
  [404, 'not_found_error', 'model: claude-none', 'model.not_found'],
  [400, 'invalid_request_error', 'prompt is too long: 210000 tokens > 200000 maximum', 'model.context_length'],
  [400, 'invalid_request_error', 'temperature: must be at most 1', 'model.rejected'],
  [413, 'request_too_large', 'too large', 'model.rejected'],
  [500, 'api_error', 'oops', 'model.unavailable'],
])('HTTP %s %s: %s', async (status, type, text, code) => {
  const wire = await openWire(onTestFinished, (response) =>
    sendJson(response, status, { type: 'error', error: { type, message: text } }, { 'retry-after-ms': '1500' }),
  )
  for (const extra of [{}, { onText: () => {} }]) {
    const error = await errorOf(gatewayOf(wire).resolve('anthropic:m').call(hello, callOf(extra)))
    expect(error).toMatchObject({ code, details: { status, reason: type, said: text, retryAfterMs: 1500 } })
  }
  expect(wire.seen).toHaveLength(2)
})

test('a refusal is an error of the content filter', async () => {
  const refused = { ...message, content: [], stop_reason: 'refusal' }
  const wire = await openWire(onTestFinished, (response) => sendJson(response, 200, refused))
  const error = await errorOf(gatewayOf(wire).resolve('anthropic:m').call(hello, callOf()))
  expect(error).toMatchObject({ code: 'model.content_filter', details: { reason: 'refusal', usage: { input: 12 } } })
})

test('with compaction all passes are counted', async () => {
  const iterations = [
    {
      type: 'compaction',
      input_tokens: 5_000,
      cache_read_input_tokens: 175_000,
      cache_creation_input_tokens: 0,
      output_tokens: 3_500,
    },
    {
      type: 'message',
      input_tokens: 23_000,
      cache_read_input_tokens: 10_000,
      cache_creation_input_tokens: 7,
      output_tokens: 1_000,
    },
  ]
  const counted = { ...iterations[1], type: undefined, iterations }
  const wire = await openWire(onTestFinished, (response) => sendJson(response, 200, { ...message, usage: counted }))
  const { usage: found } = await gatewayOf(wire).resolve('anthropic:m').call(hello, callOf())
  expect(found).toMatchObject({ input: 28_000, cacheRead: 185_000, cacheWrite: 7, output: 4_500 })
})
