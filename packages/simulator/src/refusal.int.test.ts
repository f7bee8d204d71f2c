import { expect, onTestFinished, test } from 'vitest'

import { createSimulator } from './index.ts'
import type { Simulator, SimulatorOptions } from './index.ts'
import { hello, vendors } from '../test-support/vendors.ts'

// What each vendor says when it says no.

async function start(options: SimulatorOptions): Promise<Simulator> {
  const simulator = await createSimulator(options)
  onTestFinished(() => simulator.close())
  return simulator
}

async function ask(url: string, body: object): Promise<Response> {
  return fetch(url, { method: 'POST', body: JSON.stringify(body) })
}

const chat = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }
const message = { ...chat, max_tokens: 100 }
const contents = { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] }

test.each([
  [{ retryAfter: 7 }, { 'retry-after': '7' }],
  [{ retryAfterMs: 1500 }, { 'retry-after-ms': '1500' }],
  [{ retryDateInMs: 90_000 }, { 'retry-after': expect.stringMatching(/GMT$/) }],
])('a refusal may say %j', async (fields, headers) => {
  const { url } = await start({ script: () => ({ fault: { kind: 'refuse', status: 429, ...fields } }) })
  const answer = await ask(`${url}/v1/chat/completions`, chat)
  expect(Object.fromEntries(answer.headers)).toMatchObject(headers)
})

test.each([
  ['openai', '/v1/chat/completions', chat, 'Please try again in 2m13s.'],
  ['anthropic', '/v1/messages', message, 'Please try again in 133 seconds.'],
  ['gemini', '/v1beta/models/m:generateContent', contents, '"retryDelay":"133s"'],
])('%s tells the time in the body', async (_vendor, path, body, told) => {
  const fault = { kind: 'refuse', status: 429, retryBodyInMs: 133_000 } as const
  const { url } = await start({ script: () => ({ fault }) })
  const answer = await ask(url + path, body)
  expect(answer.headers.has('retry-after')).toBe(false)
  expect(await answer.text()).toContain(told)
})

test.each([
  ['/v1/chat/completions', chat, 'context-length', 400, 'context_length_exceeded'],
  ['/v1/chat/completions', chat, 'content-filter', 400, 'content_filter'],
  ['/v1/chat/completions', chat, 'quota', 429, 'insufficient_quota'],
  ['/v1/responses', { model: 'm', input: 'hello' }, 'context-length', 400, 'context_length_exceeded'],
  ['/v1/messages', message, 'context-length', 400, 'prompt is too long'],
  ['/v1/messages', message, 'content-filter', 400, 'content filtering policy'],
  ['/v1/messages', message, 'quota', 400, 'credit balance is too low'],
  ['/v1/messages', message, 'overloaded', 529, 'overloaded_error'],
  ['/v1beta/models/m:generateContent', contents, 'context-length', 400, 'input token count exceeds'],
  ['/v1beta/models/m:generateContent', contents, 'content-filter', 400, 'PROHIBITED_CONTENT'],
  ['/v1beta/models/m:generateContent', contents, 'quota', 429, 'RESOURCE_EXHAUSTED'],
] as const)('%s: the vendor has its own words for %s', async (path, body, reason, status, words) => {
  const { url } = await start({ script: () => ({ fault: { kind: 'refuse', status, reason } }) })
  const answer = await ask(url + path, body)
  expect(answer.status).toBe(status)
  expect(await answer.text()).toContain(words)
})

test('wrong requests of every format are told so in its shape', async () => {
  const { url } = await start({})
  const open = { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'add', input: {} }] }
  const anthropic = [
    [],
    { ...chat },
    { max_tokens: 1, model: 'm' },
    { ...message, messages: [open] },
    { ...message, messages: [1] },
  ]
  for (const body of [...anthropic, { ...message, messages: [{ role: 'robot' }] }]) {
    const answer = await ask(`${url}/v1/messages`, body)
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { type: 'error', error: { type: 'invalid_request_error' } },
    ])
  }
  const called = { role: 'model', parts: [{ functionCall: { name: 'add', args: {} } }] }
  const gemini = [[], {}, { contents: [called] }, { ...contents, generationConfig: { maxOutputTokens: 0 } }]
  for (const body of gemini) {
    const answer = await ask(`${url}/v1beta/models/m:generateContent`, body)
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { status: 'INVALID_ARGUMENT' } }])
  }
  const output = { type: 'function_call_output', call_id: 'none', output: '3' }
  const responses = [
    [],
    {},
    { model: 'm' },
    { model: 'm', input: [output] },
    { model: 'm', input: 'x', max_output_tokens: 0 },
  ]
  for (const body of responses) {
    const answer = await ask(`${url}/v1/responses`, body)
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { type: 'invalid_request_error' } }])
  }
  for (const [path, body] of [
    ['/v1/embeddings', []],
    ['/v1/embeddings', { model: 'm', input: 7 }],
    ['/v1/embeddings', { input: 'x' }],
    ['/v1beta/models/m:embedContent', []],
    ['/v1beta/models/m:batchEmbedContents', { requests: [] }],
  ] as const) {
    expect((await ask(url + path, body)).status).toBe(400)
  }
  expect((await ask(`${url}/v1beta/models/%:generateContent`, contents)).status).toBe(404)
})

test.each(vendors)('$name: a body and headers of the script are sent as they are', async ({ model }) => {
  const { url, journal } = await start({
    script: () => ({
      status: 502,
      body: '<html>bad gateway</html>',
      headers: { 'content-type': 'text/html', 'x-id': '7' },
    }),
  })
  await expect(model(url).doGenerate({ prompt: hello, maxOutputTokens: 9 })).rejects.toMatchObject({
    statusCode: 502,
    responseBody: '<html>bad gateway</html>',
    responseHeaders: { 'x-id': '7' },
  })
  expect(journal.entries()).toMatchObject([{ status: 502, billed: false }])
})
