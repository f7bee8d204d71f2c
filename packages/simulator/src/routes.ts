import type { IncomingMessage, ServerResponse } from 'node:http'

import { playChat } from './chat.ts'
import type { Charge } from './delivery.ts'
import { Exchange } from './exchange.ts'
import type { Arrival } from './journal/entry.ts'
import type { JournalWriter } from './journal/journal.ts'
import { checkChatBody } from './openai/chat-request.ts'
import type { ChatBody } from './openai/chat-request.ts'
import { errorBody } from './openai/error-body.ts'
import type { ErrorBody } from './openai/error-body.ts'
import type { CheckedOptions } from './options.ts'
import { readBody } from './read-body.ts'

/** Answers one HTTP request. Rejects only with errors of the simulator itself. */
export async function route(
  options: CheckedOptions,
  journal: JournalWriter,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method, url = '/' } = request
  const query = url.indexOf('?')
  const path = query === -1 ? url : url.slice(0, query)
  if (method === 'POST') return answerPost(options, journal, path, request, new Exchange(response))
  const exchange = new Exchange(response)
  const send = (status: number, value: unknown): void => exchange.sendJson(status, JSON.stringify(value))
  if (method !== 'GET') return send(405, errorBody(405, `Not allowed: ${method} ${path}`))
  if (path === '/health') return send(200, { ok: true })
  if (path === '/journal') {
    const after = Number(new URLSearchParams(url.slice(path.length)).get('after') ?? 0)
    if (!Number.isSafeInteger(after)) return send(400, errorBody(400, '`after` is a number', { param: 'after' }))
    return send(200, { entries: journal.entries(after), totals: journal.totals() })
  }
  if (path === '/v1/models') {
    if (!isAllowed(options, request)) return send(401, badKey())
    const models = options.models ?? ['simulator']
    const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'simulator' }))
    return send(200, { object: 'list', data })
  }
  return send(404, errorBody(404, `Unknown request URL: GET ${path}`, { code: 'unknown_url' }))
}

/** Every POST is one entry of the journal, whatever becomes of it; one whose body never arrived is none. */
async function answerPost(
  options: CheckedOptions,
  journal: JournalWriter,
  path: string,
  request: IncomingMessage,
  exchange: Exchange,
): Promise<void> {
  const rawBody = await readBody(request)
  if (rawBody === undefined) return
  const parsed = parseJson(rawBody)
  const entry = journal.start(arrivalOf(path, request, parsed))
  const charge: Charge = { inputTokens: 0, outputTokens: 0, billed: false, aborted: false }
  let hasEnded = false
  const end = (): void => {
    hasEnded = true
    journal.end(entry, charge)
  }
  try {
    const refusal = refusalOf(options, path, request, parsed)
    if ('body' in refusal) {
      const call = { number: entry.number, path, headers: request.headers, body: refusal.body, rawBody }
      await playChat(options, call, exchange, charge, end)
    } else {
      charge.status = refusal.status
      end()
      exchange.sendJson(refusal.status, JSON.stringify(refusal.problem))
    }
  } finally {
    if (!hasEnded) {
      charge.aborted = true
      end()
    }
  }
}

/** What the vendor answers a request that never reaches the model. */
interface Refusal {
  readonly status: number
  readonly problem: ErrorBody
}

function refusalOf(
  options: CheckedOptions,
  path: string,
  request: IncomingMessage,
  parsed: unknown,
): Refusal | { readonly body: ChatBody } {
  if (path !== '/v1/chat/completions') {
    return { status: 404, problem: errorBody(404, `Unknown request URL: POST ${path}`, { code: 'unknown_url' }) }
  }
  if (!isAllowed(options, request)) return { status: 401, problem: badKey() }
  if (parsed === undefined) {
    return { status: 400, problem: errorBody(400, 'We could not parse the JSON body of your request.') }
  }
  const checked = checkChatBody(parsed)
  if ('problem' in checked) return { status: 400, problem: checked.problem }
  const { model } = checked.body
  if (options.models !== undefined && !options.models.includes(model)) {
    const problem = errorBody(404, `The model \`${model}\` does not exist.`, { code: 'model_not_found' })
    return { status: 404, problem }
  }
  return checked
}

function arrivalOf(path: string, request: IncomingMessage, parsed: unknown): Arrival {
  const attemptId = request.headers['x-meepo-attempt-id']
  const idempotencyKey = request.headers['idempotency-key']
  const model = typeof parsed === 'object' && parsed !== null && 'model' in parsed ? parsed.model : undefined
  return {
    path,
    body: parsed ?? null,
    ...(typeof attemptId === 'string' && { attemptId }),
    ...(typeof idempotencyKey === 'string' && { idempotencyKey }),
    ...(typeof model === 'string' && { model }),
  }
}

function isAllowed({ apiKeys }: CheckedOptions, request: IncomingMessage): boolean {
  if (apiKeys === undefined) return true
  const { authorization = '' } = request.headers
  return authorization.startsWith('Bearer ') && apiKeys.includes(authorization.slice('Bearer '.length))
}

function badKey(): ErrorBody {
  return errorBody(401, 'Incorrect API key provided.')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller answers 400; the parser's own message would quote the client's content.
    return undefined
  }
}
