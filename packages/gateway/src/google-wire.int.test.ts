import type { ServerResponse } from 'node:http'

import type { ModelRequest } from '@meepo/core'
import { expect, onTestFinished, test } from 'vitest'

import { callOf, errorOf, hello, openWire, sendEvents, sendJson, type Seen, type Wire } from '../test-support/wire.ts'
import { createGateway } from './gateway.ts'
import type { Gateway } from './options.ts'

function gatewayOf(wire: Wire): Gateway {
  return createGateway({
    env: { GOOGLE_GENERATIVE_AI_API_KEY: 'g-key' },
    providers: { google: { kind: 'google', baseURL: `${wire.url}/v1beta` } },
    onWarning: () => {},
  })
}

const usageMetadata = {
  promptTokenCount: 50,
  cachedContentTokenCount: 20,
  candidatesTokenCount: 8,
  thoughtsTokenCount: 5,
  totalTokenCount: 63,
}
const piece = (parts: object[], finishReason?: string): object => ({
  candidates: [{ index: 0, content: { role: 'model', parts }, ...(finishReason ? { finishReason } : {}) }],
  usageMetadata,
  modelVersion: 'gemini-served',
})
const call = { functionCall: { name: 'add', args: { a: 1 } }, thoughtSignature: 'sig-2' }
const whole = piece([{ text: 'thinking', thought: true }, { text: 'Let me add.' }, call], 'STOP')
const pieces = [
  piece([{ text: 'thinking', thought: true }]),
  piece([{ text: 'Let me ' }]),
  piece([{ text: 'add.' }]),
  piece([call], 'STOP'),
]

const answer = (response: ServerResponse, { path }: Seen): void =>
  path.includes('stream') ? sendEvents(response, pieces) : sendJson(response, 200, whole)

const tools = [
  { name: 'add', description: 'Adds.', inputSchema: { type: 'object', properties: { a: { type: 'number' } } } },
]

test.each([false, true])('an answer of Gemini arrives whole, watched %s', async (watched) => {
  const wire = await openWire(onTestFinished, answer)
  const deltas: string[] = []
  const watch = callOf(watched ? { onText: (delta) => deltas.push(delta) } : {})
  const model = gatewayOf(wire).resolve('google:gemini-3-pro')
  const response = await model.call({ ...hello, tools }, watch)
  expect(response).toMatchObject({
    text: 'Let me add.',
    reasoning: 'thinking',
    toolCalls: [{ name: 'add', arguments: { a: 1 } }],
    finish: 'tool-calls',
    usage: { input: 30, cacheRead: 20, cacheWrite: 0, output: 8, reasoning: 5, calls: 1 },
  })
  expect(deltas).toEqual(watched ? ['Let me ', 'add.'] : [])

  const { text, toolCalls, carry } = response
  const id = toolCalls[0]?.id ?? ''
  await model.call(
    {
      tools,
      messages: [
        ...hello.messages,
        {
          role: 'assistant',
          text,
          toolCalls: [...toolCalls, { id: 'x', name: 'add', arguments: 'no json' }],
          ...(carry ? { carry } : {}),
        },
        { role: 'tool', callId: id, tool: 'add', result: { sum: 1 } },
        { role: 'tool', callId: 'x', tool: 'add', result: 'bad arguments', isError: true },
      ],
    },
    watch,
  )
  const { contents } = wire.seen.at(-1)?.body ?? {}
  expect(contents).toMatchObject([
    { role: 'user', parts: [{ text: 'hello' }] },
    {
      role: 'model',
      parts: [
        { text: 'Let me add.' },
        { functionCall: { name: 'add', args: { a: 1 } }, thoughtSignature: 'sig-2' },
        { functionCall: { name: 'add', args: { invalid: 'no json' } } },
      ],
    },
    // One message: Gemini wants as many results in it as there were calls.
    { role: 'user', parts: [{ functionResponse: { name: 'add' } }, { functionResponse: { name: 'add' } }] },
  ])
})

test('settings, schema and ids reach the wire', async () => {
  const wire = await openWire(onTestFinished, answer)
  const request: ModelRequest = {
    ...hello,
    settings: {
      temperature: 0.5,
      maxOutputTokens: 77,
      stop: ['END'],
      seed: 9,
      providerOptions: { google: { thinkingConfig: { thinkingBudget: 128 } } },
    },
    outputSchema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
  }
  await gatewayOf(wire).resolve('google:gemini-2.5-pro').call(request, callOf())
  const [seen] = wire.seen
  expect(seen?.path).toBe('/v1beta/models/gemini-2.5-pro:generateContent')
  expect(seen?.headers).toMatchObject({
    'x-goog-api-key': 'g-key',
    'x-meepo-attempt-id': 'attempt-1.1',
    'idempotency-key': 'key-1',
  })
  expect(seen?.body['generationConfig']).toMatchObject({
    temperature: 0.5,
    maxOutputTokens: 77,
    stopSequences: ['END'],
    seed: 9,
    thinkingConfig: { thinkingBudget: 128 },
    responseMimeType: 'application/json',
  })
  expect(JSON.stringify(seen?.body['generationConfig'])).toContain('"ok"')
})

test('a stream that ends anywhere before its end is never an answer', async () => {
  for (let length = 0; length < pieces.length; length += 1) {
    const wire = await openWire(onTestFinished, (response) => sendEvents(response, pieces.slice(0, length)))
    const error = await errorOf(
      gatewayOf(wire)
        .resolve('google:m')
        .call(hello, callOf({ onText: () => {} })),
    )
    expect({ length, code: error.code }).toEqual({ length, code: 'model.interrupted' })
  }
})

test.each([
  ['SAFETY', 'model.content_filter'],
  ['MALFORMED_FUNCTION_CALL', 'model.bad_response'],
])('the finish reason %s is %s', async (reason, code) => {
  const wire = await openWire(onTestFinished, (response) => sendJson(response, 200, piece([{ text: 'x' }], reason)))
  const error = await errorOf(gatewayOf(wire).resolve('google:m').call(hello, callOf()))
  expect(error).toMatchObject({ code, details: { reason } })
})

test('a finish reason that nobody knows yet is a finish', async () => {
  const wire = await openWire(onTestFinished, (response) => sendJson(response, 200, piece([{ text: 'x' }], 'NOVEL')))
  expect(await gatewayOf(wire).resolve('google:m').call(hello, callOf())).toMatchObject({ finish: 'other', text: 'x' })
})

const invalid = 'INVALID_ARGUMENT'
const info = 'type.googleapis.com/google.rpc'
test.each<[string, number, object, object]>([
  [
    'a bad key',
    400,
    {
      status: invalid,
      message: 'API key not valid.',
      details: [{ '@type': `${info}.ErrorInfo`, reason: 'API_KEY_INVALID' }],
    },
    { code: 'model.unauthorized' },
  ],
  [
    'a full quota with its wait in the body',
    429,
    {
      status: 'RESOURCE_EXHAUSTED',
      message: 'Quota.',
      details: [{ '@type': `${info}.RetryInfo`, retryDelay: '37.5s' }],
    },
    { code: 'model.rate_limited', details: { retryAfterMs: 37_500 } },
  ],
  [
    'a long conversation',
    400,
    {
      status: invalid,
      message: 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    },
    { code: 'model.context_length', retryable: false },
  ],
  ['a wrong request', 400, { status: invalid, message: 'Invalid value.' }, { code: 'model.rejected' }],
  ['an unknown model', 404, { status: 'NOT_FOUND', message: 'models/m is not found' }, { code: 'model.not_found' }],
  ['an overload', 503, { status: 'UNAVAILABLE', message: 'The model is overloaded.' }, { code: 'model.unavailable' }],
])('%s', async (_case, status, error, expected) => {
  const wire = await openWire(onTestFinished, (response, { path }) => {
    const body = { error: { code: status, ...error } }
    sendJson(response, status, path.includes('stream') ? [body] : body)
  })
  for (const extra of [{}, { onText: () => {} }]) {
    const found = await errorOf(gatewayOf(wire).resolve('google:m').call(hello, callOf(extra)))
    expect(found).toMatchObject(expected)
  }
})
