import { createServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'

import { createSimulator, messageText, readJournalFile } from './index.ts'
import type { Simulator, SimulatorOptions, SimulatorRequest } from './index.ts'
import { postAndLeave } from '../test-support/leave.ts'

const hello = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }

async function start(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await createSimulator({ script: () => ({ text: 'hi there' }), ...options })
  onTestFinished(() => simulator.close())
  return simulator
}

function post(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(`${url}/v1/chat/completions`, { method: 'POST', body: text, ...init })
}

test('an answer is computed from the conversation', async () => {
  const script = ({ messages }: SimulatorRequest): { text: string } => ({
    text: messages.map(messageText).join(' ').toUpperCase(),
  })
  const { url } = await start({ script })
  const answer = await post(url, hello)
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({
    object: 'chat.completion',
    model: 'm',
    choices: [{ message: { role: 'assistant', content: 'HELLO' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 },
  })
})

test('a stream carries the same answer in chunks and ends with [DONE]', async () => {
  const { url } = await start({ chunkSize: 3 })
  const answer = await post(url, { ...hello, stream: true })
  expect(answer.headers.get('content-type')).toContain('text/event-stream')
  const lines = (await answer.text()).split('\n\n').slice(0, -1)
  expect(lines.at(-1)).toBe('data: [DONE]')
  const pieces = lines.slice(0, -1).map((line): unknown => JSON.parse(line.slice('data: '.length)))
  expect(pieces).toMatchObject([
    { choices: [{ delta: { role: 'assistant', content: '' } }] },
    { choices: [{ delta: { content: 'hi ' } }] },
    { choices: [{ delta: { content: 'the' } }] },
    { choices: [{ delta: { content: 're' } }] },
    { choices: [{ delta: {}, finish_reason: 'stop' }] },
  ])
})

test('a slow stream sends its chunks one by one, and an early one arrives before the last is sent', async () => {
  const { url, journal } = await start({ chunkSize: 4, latency: { headersMs: 2, firstChunkMs: 2, perChunkMs: 60 } })
  const answer = await post(url, { ...hello, stream: true })
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  const first = await reader?.read()
  expect(first?.value).toContain('hi t')
  expect(journal.totals()).toMatchObject({ open: 1 })
  let rest = ''
  for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) rest += next.value
  expect(rest).toContain('here')
  expect(journal.entries()[0]).toMatchObject({ billed: true, outputTokens: 2 })
  expect(journal.entries()[0]?.firstChunkAt).toBeDefined()
})

test('the script sees tools, visible headers and the whole body, but no key', async () => {
  const seen: SimulatorRequest[] = []
  const script = (request: SimulatorRequest): { text: string } => {
    seen.push(request)
    return { text: '' }
  }
  const { url } = await start({ script, apiKeys: ['k'] })
  const tools = [{ type: 'function', function: { name: 'add' } }]
  await post(
    url,
    { ...hello, tools, seed: 3, response_format: { type: 'json_schema', json_schema: {} } },
    {
      headers: { authorization: 'Bearer k', 'x-api-key': 'k', 'x-meepo-attempt-id': 'a1', 'idempotency-key': 'i1' },
    },
  )
  expect(seen).toMatchObject([{ number: 1, model: 'm', stream: false, tools, body: { seed: 3 } }])
  expect(seen[0]?.headers).toEqual({ 'x-meepo-attempt-id': 'a1', 'idempotency-key': 'i1' })
})

test('the invoice has an answer before its client has', async () => {
  const { url, journal } = await start()
  await post(
    url,
    { ...hello, temperature: 0.5, stop: ['X'] },
    {
      headers: { 'x-meepo-attempt-id': 'a1', 'idempotency-key': 'i1' },
    },
  )
  const [entry] = journal.entries()
  expect(entry).toMatchObject({
    number: 1,
    attemptId: 'a1',
    idempotencyKey: 'i1',
    path: '/v1/chat/completions',
    model: 'm',
    body: { temperature: 0.5, stop: ['X'] },
    status: 200,
    inputTokens: 2,
    outputTokens: 2,
    billed: true,
    aborted: false,
  })
  expect(entry?.endedAt).toBeGreaterThanOrEqual(entry?.startedAt ?? Number.NaN)
})

test('a key that is asked for must be right', async () => {
  const { url, journal } = await start({ apiKeys: ['right'] })
  const wrong = await post(url, hello, { headers: { authorization: 'Bearer wrong' } })
  expect([wrong.status, await wrong.json()]).toMatchObject([401, { error: { code: 'invalid_api_key' } }])
  expect((await fetch(`${url}/v1/models`)).status).toBe(401)
  expect((await post(url, hello, { headers: { authorization: 'Bearer right' } })).status).toBe(200)
  expect(journal.entries()).toMatchObject([
    { status: 401, billed: false },
    { status: 200, billed: true },
  ])
})

test('wrong requests are refused as the vendor does, journalled and not billed', async () => {
  const { url, journal } = await start({ models: ['m'] })
  const answers = [
    await post(url, '{"model":'),
    await post(url, { model: 'm' }),
    await post(url, { ...hello, model: 'other' }),
    await fetch(`${url}/v1/nothing`, { method: 'POST', body: '{}' }),
  ]
  expect(answers.map((answer) => answer.status)).toEqual([400, 400, 404, 404])
  const bodies = await Promise.all(answers.map((answer): Promise<unknown> => answer.json()))
  expect(bodies).toMatchObject([
    { error: { type: 'invalid_request_error' } },
    { error: { param: 'messages' } },
    { error: { code: 'model_not_found' } },
    { error: { code: 'unknown_url' } },
  ])
  expect(journal.entries().map((entry) => entry.status)).toEqual([400, 400, 404, 404])
  expect(journal.totals()).toMatchObject({ billed: 0, inputTokens: 0, open: 0 })
})

test('models, health and the journal can be asked for', async () => {
  const { url } = await start({ models: ['a', 'b'] })
  const get = async (path: string): Promise<unknown> => (await fetch(url + path)).json()
  await post(url, { ...hello, model: 'a' })
  await post(url, { ...hello, model: 'b' })
  expect(await get('/v1/models')).toMatchObject({ data: [{ id: 'a' }, { id: 'b' }] })
  expect(await get('/health')).toEqual({ ok: true })
  expect(await get('/journal')).toMatchObject({ entries: [{ number: 1 }, { number: 2 }], totals: { requests: 2 } })
  expect(await get('/journal?after=1')).toMatchObject({ entries: [{ number: 2, model: 'b' }] })
  expect((await fetch(`${url}/journal?after=x`)).status).toBe(400)
  expect((await fetch(`${url}/nothing`)).status).toBe(404)
  expect((await fetch(`${url}/health`, { method: 'DELETE' })).status).toBe(405)
})

test.each([
  ['simulator.script_failed', () => Promise.reject(new Error('no idea'))],
  [
    'simulator.script_failed',
    () => {
      throw new TypeError('no idea')
    },
  ],
  ['simulator.bad_answer', () => JSON.parse('{"txt":"typo"}') as { text: string }],
])('a script that fails is a 500 with %s and nobody pays', async (code, script) => {
  const { url, journal } = await start({ script })
  const answer = await post(url, hello)
  expect([answer.status, await answer.json()]).toMatchObject([500, { error: { type: 'server_error', code } }])
  expect(journal.entries()).toMatchObject([{ status: 500, fault: code, billed: false }])
})

test('a client that leaves a stream pays for what it was sent', async () => {
  const { url, journal } = await start({ chunkSize: 4, latency: { perChunkMs: 10_000 } })
  const leave = new AbortController()
  const answer = await post(url, { ...hello, stream: true }, { signal: leave.signal })
  await answer.body?.getReader().read()
  leave.abort()
  await journal.settled()
  expect(journal.entries()).toMatchObject([{ aborted: true, billed: true, inputTokens: 2, outputTokens: 1 }])
})

test('a client that leaves before an answer in one piece pays for all of it', async () => {
  const simulator = await start({ latency: { headersMs: 30_000 } })
  await postAndLeave(simulator, hello)
  const { journal } = simulator
  const [entry] = journal.entries()
  expect(entry).toMatchObject({ aborted: true, billed: true, inputTokens: 2, outputTokens: 2 })
  expect(entry).not.toHaveProperty('status')
})

test('a client that leaves while the script thinks pays nothing', async () => {
  const simulator = await start({ script: () => new Promise(() => undefined) })
  await postAndLeave(simulator, hello)
  const { journal } = simulator
  expect(journal.entries()).toMatchObject([{ aborted: true, billed: false, inputTokens: 0 }])
})

test('a long answer waits for a slow reader', async () => {
  const text = 'x'.repeat(4_000_000)
  const { url, journal } = await start({ script: () => ({ text }), chunkSize: 1000 })
  const answer = await post(url, { ...hello, stream: true })
  expect(journal.totals().open).toBe(1)
  const whole = await answer.text()
  expect(whole.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(journal.entries()).toMatchObject([{ outputTokens: 1_000_000 }])
})

test('closing ends open requests and may be asked for twice', async () => {
  const simulator = await start({ latency: { headersMs: 30_000 } })
  const { url, journal } = simulator
  const outcome = post(url, hello).then(() => 'answered', String)
  await expect.poll(() => journal.totals().open).toBe(1)
  await Promise.all([simulator.close(), simulator.close()])
  expect(await outcome).toContain('fetch failed')
  expect(journal.entries()).toMatchObject([{ aborted: true }])
})

test('the journal file tells the same story as the journal in memory', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const journalFile = join(folder, 'journal.jsonl')
  const { url, journal } = await start({ journalFile })
  await Promise.all(Array.from({ length: 5 }, () => post(url, hello)))
  expect(readJournalFile(journalFile)).toEqual(journal.entries())
})

test.runIf(process.platform === 'linux')('nothing is answered that cannot be put on the invoice', async () => {
  const { url, journal } = await start({ journalFile: '/dev/full' })
  const answer = await post(url, hello)
  expect([answer.status, await answer.json()]).toMatchObject([500, { error: { code: 'simulator.journal_unwritable' } }])
  expect(journal.totals()).toMatchObject({ requests: 0, open: 0 })
})

test('a port in use is an error with a code that names it', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void other.close())
  await new Promise((resolve) => other.once('listening', resolve))
  const { port } = other.address() as AddressInfo // a TCP server has one
  await expect(start({ port })).rejects.toMatchObject({
    code: 'simulator.port_in_use',
    message: expect.stringContaining(String(port)),
  })
})

test('an address that is not ours is another error', async () => {
  await expect(start({ host: '192.0.2.1' })).rejects.toMatchObject({ code: 'simulator.cannot_listen' })
})

test('an IPv6 address is written as urls write it', async () => {
  const { url } = await start({ host: '::1' })
  expect(url).toContain('http://[::1]:')
  expect((await fetch(`${url}/health`)).status).toBe(200)
})
