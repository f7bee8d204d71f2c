import type { ModelRequest } from '@meepo/core'
import { createSimulator, messageText, type Simulator, type SimulatorScript } from '@meepo/simulator'
import { expect, onTestFinished, test } from 'vitest'

import { createGateway } from './gateway.ts'
import type { Gateway, GatewayOptions, ProviderKind } from './options.ts'
import { callOf, deadUrl, errorOf, hello } from '../test-support/wire.ts'

const kinds: ProviderKind[] = ['openai', 'openai-compatible']
const both = kinds.flatMap((kind) => [
  { kind, watched: false },
  { kind, watched: true },
])

function gatewayOf(simulator: Simulator, kind: ProviderKind, options: GatewayOptions = {}): Gateway {
  return createGateway({
    env: {},
    providers: { p: { kind, baseURL: `${simulator.url}/v1`, apiKey: 'sk-secret' } },
    onWarning: () => {},
    maxRetries: 0,
    ...options,
  })
}

async function simulate(script: SimulatorScript, apiKeys?: readonly string[]): Promise<Simulator> {
  const simulator = await createSimulator({ script, ...(apiKeys ? { apiKeys } : {}) })
  onTestFinished(() => simulator.close())
  return simulator
}

const tools = [
  { name: 'add', description: 'Adds.', inputSchema: { type: 'object', properties: { a: { type: 'number' } } } },
]

test.each(both)(
  'all settings, ids and the schema reach the wire: $kind, watched $watched',
  async ({ kind, watched }) => {
    const simulator = await simulate(() => ({ text: '{"ok":true}' }))
    const request: ModelRequest = {
      ...hello,
      tools,
      settings: {
        temperature: 0.25,
        maxOutputTokens: 321,
        stop: ['END', 'STOP'],
        seed: 42,
        providerOptions: { openai: { user: 'u-1' }, p: { user: 'u-1' } },
      },
      outputSchema: { type: 'object', properties: { ok: { type: 'boolean' } } },
    }
    const call = callOf(watched ? { onText: () => {} } : {})
    const model = gatewayOf(simulator, kind).resolve('p:sim-1')
    expect(await model.call(request, call)).toMatchObject({ text: '{"ok":true}', finish: 'stop', model: 'sim-1' })

    const [entry] = simulator.journal.entries()
    expect(entry).toMatchObject({ attemptId: 'attempt-1.1', idempotencyKey: 'key-1', billed: true })
    expect(entry?.body).toMatchObject({
      model: 'sim-1',
      temperature: 0.25,
      max_tokens: 321,
      stop: ['END', 'STOP'],
      seed: 42,
      user: 'u-1',
      tool_choice: 'auto',
      tools: [{ type: 'function', function: { name: 'add', description: 'Adds.', parameters: tools[0]?.inputSchema } }],
      // Not strict: the schema has an optional property.
      response_format: { type: 'json_schema', json_schema: { strict: false, schema: request.outputSchema } },
      ...(watched ? { stream: true, stream_options: { include_usage: true } } : {}),
    })
  },
)

test.each(both)(
  'a conversation with tools goes and comes whole: $kind, watched $watched',
  async ({ kind, watched }) => {
    const simulator = await simulate(({ messages }) =>
      messages.at(-1)?.role === 'tool'
        ? {
            text: `The results are ${messages.slice(-2).map(messageText).join(' and ')}.`,
          }
        : {
            text: 'Let me see.',
            toolCalls: [
              { id: 'a', name: 'add', arguments: { a: 1 } },
              { id: 'b', name: 'add', arguments: '{"a": 2' },
            ],
          },
    )
    const deltas: string[] = []
    const call = callOf(watched ? { onText: (delta) => deltas.push(delta) } : {})
    const model = gatewayOf(simulator, kind).resolve('p:sim-1')
    const first = await model.call({ ...hello, tools }, call)
    expect(first).toMatchObject({
      text: 'Let me see.',
      finish: 'tool-calls',
      toolCalls: [
        { id: 'a', name: 'add', arguments: { a: 1 } },
        { id: 'b', name: 'add', arguments: '{"a": 2' },
      ],
    })
    const second = await model.call(
      {
        tools,
        messages: [
          ...hello.messages,
          { role: 'assistant', text: first.text, toolCalls: first.toolCalls },
          { role: 'tool', callId: 'a', tool: 'add', result: { sum: 1 } },
          { role: 'tool', callId: 'b', tool: 'add', result: 'bad', isError: true },
        ],
      },
      call,
    )
    // The adapters word a failed tool differently.
    expect(second.text).toBe(`The results are {"sum":1} and ${kind === 'openai' ? '{"error":"bad"}' : 'bad'}.`)
    if (watched) expect(deltas.join('')).toBe(first.text + second.text)
  },
)

test.each(both)('usage comes in disjoint buckets: $kind, watched $watched', async ({ kind, watched }) => {
  const usage = { inputTokens: 100, cachedInputTokens: 30, outputTokens: 50, reasoningTokens: 20 }
  const simulator = await simulate(() => ({ text: 'hi', usage }))
  const call = callOf(watched ? { onText: () => {} } : {})
  const response = await gatewayOf(simulator, kind).resolve('p:m').call(hello, call)
  expect(response.usage).toEqual({ input: 70, cacheRead: 30, cacheWrite: 0, output: 30, reasoning: 20, calls: 1 })
})

test.each(both)(
  'length is a finish, the content filter an error: $kind, watched $watched',
  async ({ kind, watched }) => {
    const simulator = await simulate(({ model }) => ({
      text: 'half an ans',
      finishReason: model === 'short' ? 'length' : 'content_filter',
    }))
    const call = callOf(watched ? { onText: () => {} } : {})
    const gateway = gatewayOf(simulator, kind)
    expect(await gateway.resolve('p:short').call(hello, call)).toMatchObject({ text: 'half an ans', finish: 'length' })
    const error = await errorOf(gateway.resolve('p:filter').call(hello, call))
    expect(error).toMatchObject({ code: 'model.content_filter', retryable: false })
    expect(error.details).toMatchObject({ usage: { calls: 1 } })
  },
)

const cuts = both.flatMap((row) =>
  (['end', 'fin', 'rst'] as const).flatMap((by) => [1, 2, 3].map((afterChunks) => ({ ...row, by, afterChunks }))),
)
test.each(cuts)(
  'an answer cut by $by after $afterChunks chunks is never an answer: $kind, watched $watched',
  async (row) => {
    const { kind, watched, by, afterChunks } = row
    const text = 'A long answer that needs more than three chunks to arrive, surely; even four may be too few for it.'
    const simulator = await simulate(() => ({ text, fault: { kind: 'cut', by, afterChunks } }))
    const call = callOf(watched ? { onText: () => {} } : {})
    const error = await errorOf(gatewayOf(simulator, kind).resolve('p:m').call(hello, call))
    // JSON that stops in the middle but ends properly is a bad body; everything else is a cut.
    expect(error.code).toBe(!watched && by === 'end' ? 'model.bad_response' : 'model.interrupted')
    expect(error).toMatchObject({ notSent: false })
  },
)

test.each(both)('a missing [DONE] does not matter: $kind, watched $watched', async ({ kind, watched }) => {
  const simulator = await simulate(() => ({ text: 'whole', fault: { kind: 'missing-done' } }))
  const call = callOf(watched ? { onText: () => {} } : {})
  expect(await gatewayOf(simulator, kind).resolve('p:m').call(hello, call)).toMatchObject({
    text: 'whole',
    finish: 'stop',
  })
})

const refusals = [
  { status: 400, code: 'model.rejected' },
  { status: 401, code: 'model.unauthorized' },
  { status: 402, code: 'model.rate_limited' },
  { status: 403, code: 'model.unauthorized' },
  { status: 404, code: 'model.not_found' },
  { status: 408, code: 'model.unavailable' },
  { status: 409, code: 'model.unavailable' },
  { status: 413, code: 'model.rejected' },
  { status: 422, code: 'model.rejected' },
  { status: 429, code: 'model.rate_limited' },
  { status: 500, code: 'model.unavailable' },
  { status: 503, code: 'model.unavailable' },
  { status: 529, code: 'model.overloaded' },
]
test.each(both.flatMap((row) => refusals.map((refusal) => ({ ...row, ...refusal }))))(
  'HTTP $status is $code after one request: $kind, watched $watched',
  async ({ kind, watched, status, code }) => {
    const simulator = await simulate(() => ({ fault: { kind: 'refuse', status } }))
    const call = callOf(watched ? { onText: () => {} } : {})
    const error = await errorOf(gatewayOf(simulator, kind).resolve('p:m').call(hello, call))
    expect(error).toMatchObject({ code, notSent: false, details: { provider: 'p', model: 'm', status, tries: 1 } })
    // Nobody else repeats what the gateway repeats.
    expect(error.retryable).toBe(false)
    expect(simulator.journal.totals().requests).toBe(1)
  },
)

test.each([
  ['7', 7_000],
  ['0.5', 500],
  ['soon', undefined],
])('retry-after %s is a wait of %s ms', async (retryAfter, ms) => {
  const simulator = await simulate(() => ({ fault: { kind: 'refuse', status: 429, retryAfter } }))
  const error = await errorOf(gatewayOf(simulator, 'openai').resolve('p:m').call(hello, callOf()))
  expect(error.details?.['retryAfterMs']).toBe(ms)
})

test.each([
  ['insufficient_quota', 429, 'model.rate_limited'],
  ['context_length_exceeded', 400, 'model.context_length'],
  ['content_filter', 400, 'model.content_filter'],
  ['invalid_api_key', 400, 'model.unauthorized'],
])('the code %s decides, whatever the status', async (reason, status, code) => {
  const body = { error: { message: 'no', type: 'invalid_request_error', param: null, code: reason } }
  const simulator = await simulate(() => ({ fault: { kind: 'refuse', status, body } }))
  for (const kind of kinds) {
    const error = await errorOf(gatewayOf(simulator, kind).resolve('p:m').call(hello, callOf()))
    expect(error).toMatchObject({ code, retryable: false, details: { reason } })
  }
})

test('neither the key nor the prompt is in an error', async () => {
  const prompt = 'the patient John Doe has a secret illness'
  const body = { error: { message: `Bad key sk-secret; cannot read "${prompt}" in messages`, type: 'x', code: null } }
  const simulator = await simulate(() => ({ fault: { kind: 'refuse', status: 400, body } }))
  const request: ModelRequest = { messages: [{ role: 'user', text: prompt }] }
  const error = await errorOf(gatewayOf(simulator, 'openai').resolve('p:m').call(request, callOf()))
  expect(error.details?.['said']).toBe('Bad key [key]; cannot read […] in messages')
  const everything = `${error.message} ${JSON.stringify(error.details)} ${String(error.cause)}`
  expect(everything).not.toMatch(/sk-secret|John Doe/)
})

test.each(both)('a reset before the answer may have arrived: $kind, watched $watched', async ({ kind, watched }) => {
  const simulator = await simulate(() => ({ fault: { kind: 'reset' } }))
  const call = callOf(watched ? { onText: () => {} } : {})
  const error = await errorOf(gatewayOf(simulator, kind).resolve('p:m').call(hello, call))
  expect(error).toMatchObject({ code: 'model.unavailable', notSent: false })
})

test('a refused connection was surely not sent', async () => {
  const baseURL = await deadUrl()
  for (const kind of kinds) {
    const gateway = createGateway({ env: {}, providers: { p: { kind, baseURL, apiKey: 'k' } } })
    const error = await errorOf(gateway.resolve('p:m').call(hello, callOf()))
    expect(error).toMatchObject({ code: 'model.unavailable', notSent: true, details: { tries: 2 } })
  }
})

test.each(both)('silence instead of an answer times out: $kind, watched $watched', async ({ kind, watched }) => {
  const simulator = await simulate(() => ({ fault: { kind: 'hang' } }))
  const call = callOf(watched ? { onText: () => {} } : {})
  const error = await errorOf(gatewayOf(simulator, kind, { timeoutMs: 30 }).resolve('p:m').call(hello, call))
  expect(error).toMatchObject({ code: 'model.timeout', notSent: false })
  // The connection is given up, too: the request is over at the other end.
  await simulator.journal.settled()
  expect(simulator.journal.entries()[0]?.aborted).toBe(true)
})

test.each(kinds)('silence in the middle of a stream times out: %s', async (kind) => {
  const simulator = await simulate(() => ({ text: 'first and then a very long wait', latency: { perChunkMs: 60_000 } }))
  const call = callOf({ onText: () => {} })
  const gateway = gatewayOf(simulator, kind, { timeoutMs: 200, idleTimeoutMs: 50 })
  const error = await errorOf(gateway.resolve('p:m').call(hello, call))
  expect(error).toMatchObject({ code: 'model.interrupted', details: { because: 'model.timeout' } })
  await simulator.journal.settled()
})

test.each(both)('an abort ends the request at both ends: $kind, watched $watched', async ({ kind, watched }) => {
  const controller = new AbortController()
  const simulator = await simulate(() => {
    controller.abort()
    return { fault: { kind: 'hang' } }
  })
  const call = callOf({ signal: controller.signal, ...(watched ? { onText: () => {} } : {}) })
  const error = await errorOf(gatewayOf(simulator, kind).resolve('p:m').call(hello, call))
  expect(error.code).toBe('task.cancelled')
  await simulator.journal.settled()
  expect(simulator.journal.entries()[0]?.aborted).toBe(true)
})

test('headers of the options and the key are sent', async () => {
  const simulator = await simulate(({ headers }) => ({ text: headers['x-team'] ?? 'none' }), ['k1'])
  const baseURL = `${simulator.url}/v1`
  const providers = { p: { kind: 'openai-compatible', baseURL, apiKey: 'k1', headers: { 'x-team': 'blue' } } } as const
  const response = await createGateway({ env: {}, providers }).resolve('p:m').call(hello, callOf())
  expect(response.text).toBe('blue')
})

test('a key and a base URL come from the environment', async () => {
  const simulator = await simulate(() => ({ text: 'hi' }), ['k2'])
  const env = { OPENAI_API_KEY: 'k2', OPENAI_BASE_URL: `${simulator.url}/v1` }
  expect(await createGateway({ env }).resolve('openai:m').call(hello, callOf())).toMatchObject({ text: 'hi' })
})
