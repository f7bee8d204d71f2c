import type { BatchReply } from '../batch/batch-routes.ts'
import type { Batch, BatchItem } from '../batch/batch-store.ts'
import { isDone, resultsOf } from '../batch/run-batch.ts'
import { checkKey } from '../refusal.ts'
import { keyName } from '../provider.ts'
import type { Visit } from '../routes.ts'
import { isRecord, parsedOr } from '../value.ts'
import { pickWire } from '../wire/pick-wire.ts'
import { errorBody } from './error-body.ts'

const DAY_SECONDS = 86_400

/** `/v1/files` and `/v1/batches`; `undefined` for other paths. */
export async function openaiBatches(visit: Visit): Promise<BatchReply | undefined> {
  const { path, request, house } = visit
  if (request.method === 'POST' && path === '/v1/files') return upload(visit)
  if (request.method === 'POST' && path === '/v1/batches') return create(visit)
  const [, fileId] = /^\/v1\/files\/([^/]+)\/content$/.exec(path) ?? []
  if (fileId !== undefined) return content(visit, fileId)
  if (path === '/v1/batches') {
    const data = await Promise.all(batchesOf(visit).map((batch) => describe(visit, batch)))
    return { status: 200, body: { object: 'list', data, has_more: false, last_id: data.at(-1)?.['id'] ?? null } }
  }
  const [, id = '', cancel] = /^\/v1\/batches\/([^/]+)(\/cancel)?$/.exec(path) ?? []
  if (id === '') return undefined
  const batch = house.batches.batches.get(id)
  if (batch?.provider !== visit.provider) return notFound(`No batch found with id '${id}'.`)
  if (cancel !== undefined && batch.results === undefined) batch.isCancelled = true
  return { status: 200, body: await describe(visit, batch) }
}

/** The text of the part named `file`. A batch's lines are text, so the form is read as text. */
function upload({ request, rawBody, house }: Visit): BatchReply {
  const [, boundary = ''] = /boundary="?([^";]+)/.exec(request.headers['content-type'] ?? '') ?? []
  const part = rawBody.split(`--${boundary}`).find((text) => /name="file"/.test(text))
  if (boundary === '' || part === undefined) {
    return { status: 400, body: errorBody(400, "'file' is a required property", { param: 'file' }) }
  }
  const text = part.slice(part.indexOf('\r\n\r\n') + 4).replace(/\r\n$/, '')
  const id = house.batches.nextId('file-')
  house.batches.files.set(id, text)
  const created = seconds(house.options.clock())
  const facts = { bytes: Buffer.byteLength(text), created_at: created, filename: 'batch.jsonl', purpose: 'batch' }
  return { status: 200, body: { id, object: 'file', ...facts, status: 'processed', expires_at: created + DAY_SECONDS } }
}

async function create(visit: Visit): Promise<BatchReply> {
  const { house, provider, parsed, request, query, vendor } = visit
  const inputFile = isRecord(parsed) ? String(parsed['input_file_id']) : ''
  const text = house.batches.files.get(inputFile)
  if (text === undefined) return notFound(`No such File object: ${inputFile}`)
  const items = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [itemOf(line)]))
  if (items.some((item) => item === undefined)) {
    return {
      status: 400,
      body: errorBody(400, 'The batch input file has an invalid line.', { param: 'input_file_id' }),
    }
  }
  const batch: Batch = {
    id: house.batches.nextId('batch_'),
    provider,
    key: keyName(provider, checkKey(provider, vendor, request, query).key),
    createdAt: house.options.clock(),
    items: items.filter((item) => item !== undefined),
    inputFile,
    isCancelled: false,
    results: undefined,
  }
  house.batches.batches.set(batch.id, batch)
  return { status: 200, body: { ...(await describe(visit, batch)), status: 'validating' } }
}

function itemOf(line: string): BatchItem | undefined {
  const value = parsedOr(line)
  if (!isRecord(value) || typeof value['custom_id'] !== 'string' || typeof value['url'] !== 'string') return undefined
  const picked = pickWire(value['url'])
  if (picked === undefined) return undefined
  return { id: value['custom_id'], wire: picked.wire, path: value['url'], body: value['body'] }
}

async function describe({ house }: Visit, batch: Batch): Promise<Record<string, unknown>> {
  const done = isDone(house, batch)
  const results = done ? await resultsOf(house, batch) : []
  const failed = results.filter(({ status }) => status >= 400).length
  const created = seconds(batch.createdAt)
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.items[0]?.path ?? '/v1/responses',
    errors: null,
    input_file_id: batch.inputFile ?? null,
    completion_window: '24h',
    status: batch.isCancelled ? 'cancelled' : done ? 'completed' : 'in_progress',
    output_file_id: results.length > failed ? `${batch.id}-output` : null,
    error_file_id: failed > 0 ? `${batch.id}-errors` : null,
    created_at: created,
    expires_at: created + DAY_SECONDS,
    request_counts: { total: batch.items.length, completed: results.length - failed, failed },
  }
}

/** What was uploaded, or what a batch wrote. */
async function content({ house, provider }: Visit, id: string): Promise<BatchReply> {
  const text = house.batches.files.get(id)
  if (text !== undefined) return { status: 200, body: text }
  const [, batchId = '', kind] = /^(.+)-(output|errors)$/.exec(id) ?? []
  const batch = house.batches.batches.get(batchId)
  if (batch?.provider !== provider || !isDone(house, batch)) return notFound(`No such File object: ${id}`)
  const results = await resultsOf(house, batch)
  const lines = results
    .filter(({ status }) => status >= 400 === (kind === 'errors'))
    .map((result) => {
      const response = { status_code: result.status, request_id: `req_${result.id}`, body: parsedOr(result.text) }
      return JSON.stringify({ id: `batch_req_${result.id}`, custom_id: result.id, response, error: null })
    })
  return { status: 200, body: lines.map((line) => `${line}\n`).join('') }
}

function batchesOf({ house, provider }: Visit): Batch[] {
  return [...house.batches.batches.values()].filter(
    (batch) => batch.provider === provider && batch.id.startsWith('batch_'),
  )
}

function notFound(message: string): BatchReply {
  return { status: 404, body: errorBody(404, message) }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
