import { expect, onTestFinished, test } from 'vitest'

import { callOf, deadUrl, errorOf, hello, openWire, sendJson } from '../test-support/wire.ts'
import { createGateway } from './gateway.ts'
import type { GatewayOptions } from './options.ts'
import { createTransport } from './transport.ts'

const httpFetch = createTransport()

const post = { method: 'POST', body: '{}' }

test('headers arrive in every form, and status, headers and body come back', async () => {
  const wire = await openWire(onTestFinished, (response) => sendJson(response, 418, { tea: 'ü' }, { 'x-a': '1' }))
  for (const headers of [
    { 'X-Team': 'blue' },
    new Headers({ 'x-team': 'blue' }),
    [['x-team', 'blue'] as [string, string]],
  ]) {
    const response = await httpFetch(new URL(wire.url), { ...post, headers })
    expect([response.status, response.ok, response.headers.get('x-a')]).toEqual([418, false, '1'])
    expect(await response.json()).toEqual({ tea: 'ü' })
    expect(wire.seen.at(-1)?.headers).toMatchObject({ 'x-team': 'blue', 'content-length': '2' })
  }
})

test('a redirect is not followed: the key stays here', async () => {
  const other = await openWire(onTestFinished, (response) => sendJson(response, 200, {}))
  const wire = await openWire(onTestFinished, (response) => sendJson(response, 307, {}, { location: other.url }))
  const providers = { p: { kind: 'openai-compatible', baseURL: wire.url } } as const
  const error = await errorOf(createGateway({ env: {}, providers }).resolve('p:m').call(hello, callOf()))
  expect(error).toMatchObject({ code: 'model.bad_response', details: { status: 307 } })
  expect(other.seen).toEqual([])
})

test('an answer without a body has none', async () => {
  const wire = await openWire(onTestFinished, (response) => response.writeHead(204).end())
  expect((await httpFetch(wire.url, post)).body).toBeNull()
})

test('a body that is no text is refused before anything is sent', async () => {
  await expect(httpFetch('http://127.0.0.1:9', { method: 'POST', body: new Uint8Array(1) })).rejects.toThrow(TypeError)
})

test('a stream that is given up closes its connection; one that nobody reads is held back', async () => {
  let isClosed: Promise<void> | undefined
  let sent = 0
  const wire = await openWire(onTestFinished, (response) => {
    isClosed = new Promise((resolve) => response.on('close', resolve))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const piece = Buffer.alloc(1 << 20)
    const push = (): void => {
      for (; sent < 64; sent += 1) if (!response.write(piece)) return void response.once('drain', push)
    }
    push()
  })
  const response = await httpFetch(wire.url, post)
  const reader = response.body?.getReader()
  expect((await reader?.read())?.value?.length).toBeGreaterThan(0)
  await reader?.cancel()
  await isClosed
  expect(sent).toBeLessThan(64)
})

test.each<[string, GatewayOptions]>([
  ['the own transport', {}],
  ['the global fetch', { fetch: globalThis.fetch }],
])('a refused connection and a cut body mean the same through %s', async (_name, options) => {
  const wire = await openWire(onTestFinished, (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
    response.write('{"choices":')
    setImmediate(() => response.destroy())
  })
  const codeAt = async (baseURL: string): Promise<object> => {
    const gateway = createGateway({ ...options, env: {}, providers: { p: { kind: 'openai-compatible', baseURL } } })
    const { code, notSent } = await errorOf(gateway.resolve('p:m').call(hello, callOf()))
    return { code, notSent }
  }
  expect(await codeAt(wire.url)).toEqual({ code: 'model.interrupted', notSent: false })
  expect(await codeAt(await deadUrl())).toEqual({ code: 'model.unavailable', notSent: true })
})
