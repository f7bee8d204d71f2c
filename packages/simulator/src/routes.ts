import type { IncomingMessage, ServerResponse } from 'node:http'

import { answerBatches } from './batch/batch-routes.ts'
import type { BatchStore } from './batch/batch-store.ts'
import { answerModel } from './answer-model.ts'
import { newCharge, outcomeOf } from './charge.ts'
import type { Charge } from './charge.ts'
import { Exchange } from './exchange.ts'
import type { Arrival } from './journal/entry.ts'
import type { JournalWriter } from './journal/journal.ts'
import type { CheckedOptions } from './options.ts'
import { DEFAULT_PROVIDER } from './options.ts'
import { keyName } from './provider.ts'
import type { Provider } from './provider.ts'
import { readBody } from './read-body.ts'
import { checkKey } from './refusal.ts'
import { pickWire, vendorOf } from './wire/pick-wire.ts'
import type { Picked } from './wire/pick-wire.ts'
import type { Vendor } from './wire/wire.ts'

/** What answers of one simulator share. */
export interface House {
  readonly options: CheckedOptions
  readonly journal: JournalWriter
  readonly batches: BatchStore
}

/** A request whose path and body have been read. */
export interface Visit {
  readonly house: House
  readonly provider: Provider
  /** Without the provider's prefix. */
  readonly path: string
  readonly query: URLSearchParams
  readonly request: IncomingMessage
  readonly exchange: Exchange
  readonly vendor: Vendor
  readonly rawBody: string
  /** `undefined` for a body that is no JSON. */
  readonly parsed: unknown
}

const NO_QUERY = new URLSearchParams()

/** Answers one HTTP request. Rejects only with errors of the simulator itself. */
export async function route(house: House, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const exchange = new Exchange(response)
  const { method = '', url = '/' } = request
  const mark = url.indexOf('?')
  const fullPath = mark === -1 ? url : url.slice(0, mark)
  const query = mark === -1 ? NO_QUERY : new URLSearchParams(url.slice(mark))
  const { provider, path } = providerOf(house.options, fullPath)
  const vendor = vendorOf(path)
  if (provider === undefined) {
    const problem = { status: 404, message: `No provider has the path ${fullPath}` }
    return exchange.sendJson(404, JSON.stringify(vendor.errorBody(problem)))
  }
  const visit: Visit = { house, provider, path, query, request, exchange, vendor, rawBody: '', parsed: undefined }
  if (method === 'GET') return answerGet(visit)
  if (method === 'POST') return answerPost(visit)
  const problem = { status: 405, message: `Not allowed: ${method} ${path}` }
  return exchange.sendJson(405, JSON.stringify(vendor.errorBody(problem)))
}

/** `/p/NAME/v1/…` is a provider's, everything else the default one's. */
function providerOf(options: CheckedOptions, path: string): { provider: Provider | undefined; path: string } {
  if (!path.startsWith('/p/')) return { provider: options.providers.get(DEFAULT_PROVIDER), path }
  const end = path.indexOf('/', 3)
  const name = path.slice(3, end === -1 ? undefined : end)
  return { provider: options.providers.get(name), path: end === -1 ? '/' : path.slice(end) }
}

async function answerGet(visit: Visit): Promise<void> {
  const { house, provider, path, query, request, exchange, vendor } = visit
  const send = (status: number, value: unknown): void => exchange.sendJson(status, JSON.stringify(value))
  if (path === '/health') return send(200, { ok: true })
  if (path === '/limits') return send(200, { limits: limitsOf(house.options) })
  if (path === '/journal') {
    const after = Number(query.get('after') ?? 0)
    const problem = { status: 400, message: '`after` is a number', param: 'after' }
    if (!Number.isSafeInteger(after)) return send(400, vendor.errorBody(problem))
    return send(200, { entries: house.journal.entries(after), totals: house.journal.totals() })
  }
  const { problem } = checkKey(provider, vendor, request, query)
  if (problem !== undefined) return send(problem.status, vendor.errorBody(problem))
  if (path === '/v1/models') {
    const models = provider.models ?? ['simulator']
    const data = models.map((id) => ({ id, object: 'model', created: 0, owned_by: 'simulator' }))
    return send(200, { object: 'list', data })
  }
  if (await answerBatches(visit)) return undefined
  return send(404, vendor.errorBody({ status: 404, message: `Unknown request URL: GET ${path}`, code: 'unknown_url' }))
}

/** What the limits of all providers saw. */
export function limitsOf({ providers }: CheckedOptions): ReturnType<Provider['limiter']['report']> {
  return [...providers.values()].flatMap((provider) => provider.limiter.report())
}

/** Every POST is one entry of the journal, whatever becomes of it; one whose body never arrived is none. */
async function answerPost(bare: Visit): Promise<void> {
  const { house, provider, path, query, request, exchange } = bare
  const rawBody = await readBody(request)
  if (rawBody === undefined) return
  const parsed = parseJson(rawBody)
  const picked = pickWire(path)
  const vendor = picked?.wire.vendor ?? bare.vendor
  const visit: Visit = { ...bare, vendor, rawBody, parsed }
  const { key, problem } = checkKey(provider, vendor, request, query)
  const name = keyName(provider, key)
  const entry = house.journal.start(arrivalOf(visit, picked, name))
  const charge: Charge = newCharge()
  let hasEnded = false
  const end = (): void => {
    hasEnded = true
    house.journal.end(entry, outcomeOf(charge, provider.name, house.options.prices))
  }
  const refuse = (refused: NonNullable<typeof problem>): void => {
    charge.status = refused.status
    end()
    exchange.sendJson(refused.status, JSON.stringify(vendor.errorBody(refused)))
  }
  try {
    if (problem !== undefined && isKnown(picked, path)) refuse(problem)
    else if (picked !== undefined) await answerModel(visit, picked, entry.number, name, { charge, end, refuse })
    else if (!(await answerBatches(visit, charge, end))) {
      refuse({ status: 404, message: `Unknown request URL: POST ${path}`, code: 'unknown_url' })
    }
  } finally {
    if (!hasEnded) {
      charge.aborted = true
      end()
    }
  }
}

/** A path that does not exist is said not to, whoever asks. */
function isKnown(picked: Picked | undefined, path: string): boolean {
  return picked !== undefined || /batches|files|:batchGenerateContent/.test(path)
}

function arrivalOf(visit: Visit, picked: Picked | undefined, key: string | undefined): Arrival {
  const { provider, path, request, parsed } = visit
  const attemptId = request.headers['x-meepo-attempt-id']
  const idempotencyKey = request.headers['idempotency-key']
  const named = typeof parsed === 'object' && parsed !== null && 'model' in parsed ? parsed.model : undefined
  const model = picked?.model ?? named
  return {
    provider: provider.name,
    path,
    body: parsed ?? null,
    ...(picked !== undefined && { route: picked.wire.route }),
    ...(key !== undefined && { key }),
    ...(typeof attemptId === 'string' && { attemptId }),
    ...(typeof idempotencyKey === 'string' && { idempotencyKey }),
    ...(typeof model === 'string' && { model }),
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The caller answers 400; the parser's own message would quote the client's content.
    return undefined
  }
}
