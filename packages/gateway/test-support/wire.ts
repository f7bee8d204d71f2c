import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { MeepoError, type ModelCall, type ModelRequest } from '@meepo/core'

/** A request as it arrived. */
export interface Seen {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Record<string, unknown>
}

/** A server that says what the test tells it to. */
export interface Wire {
  readonly url: string
  readonly seen: Seen[]
}

/** Starts a server on loopback that answers every request by `answer`; `atEnd` gets what closes it. */
export async function openWire(
  atEnd: (close: () => Promise<void>) => void,
  answer: (response: ServerResponse, seen: Seen) => void,
): Promise<Wire> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => (text += piece))
    request.on('end', () => {
      // The gateway under test sends an object.
      const body = JSON.parse(text) as Record<string, unknown>
      const one = { path: request.url ?? '', headers: request.headers, body }
      seen.push(one)
      answer(response, one)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeAllConnections()
    await closed
  })
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
  }
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** Answers with a stream of events, named by their `type` as Anthropic does. */
export function sendEvents(response: ServerResponse, events: readonly (object | string)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const event of events) {
    if (typeof event === 'string') response.write(`data: ${event}\n\n`)
    else response.write(`${'type' in event ? `event: ${String(event.type)}\n` : ''}data: ${JSON.stringify(event)}\n\n`)
  }
  response.end()
}

/** A call that nobody aborts and nobody watches, unless said otherwise. */
export function callOf(extra: Partial<ModelCall> = {}): ModelCall {
  return { signal: new AbortController().signal, attemptId: 'attempt-1', idempotencyKey: 'key-1', ...extra }
}

/** The smallest request. */
export const hello: ModelRequest = { messages: [{ role: 'user', text: 'hello' }] }

/** The error that a promise rejects with. */
export async function errorOf(promise: Promise<unknown>): Promise<MeepoError> {
  try {
    await promise
  } catch (error) {
    if (MeepoError.is(error)) return error
    throw error
  }
  throw new Error('it did not reject')
}

/** A base URL at which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A server that listens on TCP has an AddressInfo.
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return `http://127.0.0.1:${port}/v1`
}
