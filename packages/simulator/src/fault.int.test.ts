import { connect } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'

import { createSimulator } from './index.ts'
import type { Fault, Simulator, SimulatorOptions } from './index.ts'
import { postAndLeave } from '../test-support/leave.ts'

/** 24 characters: six chunks of four, six tokens. */
const text = 'one two three four five '
const hello = { model: 'm', messages: [{ role: 'user', content: 'hello' }] }

async function start(fault: Fault, options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const simulator = await createSimulator({ script: () => ({ text, fault }), chunkSize: 4, ...options })
  onTestFinished(() => simulator.close())
  return simulator
}

/** What a client's socket saw: all bytes, and how the connection ended. */
async function raw(simulator: Simulator, stream: boolean): Promise<{ seen: string; end: string }> {
  const body = JSON.stringify({ ...hello, stream })
  const socket = connect(simulator.port, '127.0.0.1')
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`)
  let seen = ''
  socket.setEncoding('utf8').on('data', (part: string) => {
    seen += part
    if (seen.endsWith('\r\n0\r\n\r\n')) socket.end()
  })
  const end = await new Promise<string>((resolve) => {
    socket.once('end', () => resolve('fin'))
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'error'))
    socket.once('close', () => resolve('closed'))
  })
  socket.destroy()
  return { seen, end }
}

test.each([429, 500, 503, 529])('a refusal is status %i with a body of the vendor, and free', async (status) => {
  const { url, journal } = await start({ kind: 'refuse', status, retryAfter: 2 })
  const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(hello) })
  expect(answer.status).toBe(status)
  expect(answer.headers.get('retry-after')).toBe('2')
  expect(await answer.json()).toMatchObject({ error: { type: status === 429 ? 'rate_limit_error' : 'server_error' } })
  expect(journal.entries()).toMatchObject([{ status, fault: 'refuse', billed: false, inputTokens: 0, aborted: false }])
})

test('a refusal may have a body of its own and no retry-after', async () => {
  const { url } = await start({ kind: 'refuse', status: 402, body: { detail: 'pay first' } })
  const answer = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(hello) })
  expect(answer.headers.has('retry-after')).toBe(false)
  expect(await answer.json()).toEqual({ detail: 'pay first' })
})

test.each([
  [undefined, { billed: false, inputTokens: 0, outputTokens: 0 }],
  [true, { billed: true, inputTokens: 2, outputTokens: 6 }],
])('a request that hangs ends when its client leaves (billed: %s)', async (billed, charged) => {
  const simulator = await start({ kind: 'hang', ...(billed !== undefined && { billed }) })
  await postAndLeave(simulator, hello)
  expect(simulator.journal.entries()).toMatchObject([{ fault: 'hang', aborted: true, ...charged }])
})

test.each([
  [undefined, { billed: false, outputTokens: 0 }],
  [true, { billed: true, outputTokens: 6 }],
])('a reset sends nothing at all (billed: %s)', async (billed, charged) => {
  const simulator = await start({ kind: 'reset', ...(billed !== undefined && { billed }) })
  expect(await raw(simulator, true)).toEqual({ seen: '', end: 'ECONNRESET' })
  expect(simulator.journal.entries()).toMatchObject([{ fault: 'reset', aborted: false, ...charged }])
})

test.each([
  ['end', 'fin', true],
  ['fin', 'fin', false],
  ['rst', 'ECONNRESET', false],
] as const)('a stream cut after two chunks by %s shows two chunks, no reason and %s', async (by, end, isClosed) => {
  const simulator = await start({ kind: 'cut', afterChunks: 2, by })
  const saw = await raw(simulator, true)
  expect(saw.end).toBe(end)
  expect(saw.seen).toContain('"content":"two "')
  expect(saw.seen).not.toContain('"content":"thre"')
  expect(saw.seen).not.toContain('"finish_reason":"stop"')
  expect(saw.seen).not.toContain('[DONE]')
  expect(saw.seen.endsWith('\r\n0\r\n\r\n')).toBe(isClosed)
  expect(simulator.journal.entries()).toMatchObject([
    { status: 200, fault: 'cut', billed: true, inputTokens: 2, outputTokens: 2, aborted: false },
  ])
})

test.each(['fin', 'rst'] as const)('a stream may be cut by %s right after its headers', async (by) => {
  const simulator = await start({ kind: 'cut', afterChunks: 0, by })
  const { seen } = await raw(simulator, true)
  expect(seen).toContain('200 OK')
  expect(seen).not.toContain('data:')
  expect(simulator.journal.entries()).toMatchObject([{ billed: true, outputTokens: 0 }])
})

test('a cut after more chunks than there are still withholds the end', async () => {
  const simulator = await start({ kind: 'cut', afterChunks: 100, by: 'end' })
  const { seen } = await raw(simulator, true)
  expect(seen).toContain('"content":"ive "')
  expect(seen).not.toContain('"finish_reason":"stop"')
})

test('a slow stream is cut at the same place', async () => {
  const simulator = await start({ kind: 'cut', afterChunks: 2, by: 'rst' }, { latency: { perChunkMs: 2 } })
  const { seen, end } = await raw(simulator, true)
  expect(end).toBe('ECONNRESET')
  expect(seen).toContain('"content":"two "')
  expect(seen).not.toContain('"content":"thre"')
})

test('an answer in one piece is cut inside its JSON and charged in full', async () => {
  const simulator = await start({ kind: 'cut', afterChunks: 3, by: 'fin' })
  const { seen, end } = await raw(simulator, false)
  expect(end).toBe('fin')
  expect(seen).toContain('"id')
  expect(seen).not.toContain('finish_reason')
  expect(simulator.journal.entries()).toMatchObject([{ billed: true, outputTokens: 6 }])
})

test('a stream without [DONE] is complete but for that', async () => {
  const simulator = await start({ kind: 'missing-done' })
  const { seen } = await raw(simulator, true)
  expect(seen).toContain('"finish_reason":"stop"')
  expect(seen).not.toContain('[DONE]')
  const whole = await fetch(`${simulator.url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify(hello) })
  expect(await whole.json()).toMatchObject({ choices: [{ finish_reason: 'stop' }] })
})

test('a client that leaves during a refusal that takes its time is not billed', async () => {
  const simulator = await start({ kind: 'refuse', status: 503 }, { latency: { headersMs: 30_000 } })
  await postAndLeave(simulator, hello)
  expect(simulator.journal.entries()).toMatchObject([{ aborted: true, billed: false }])
})
