import type { BatchReply } from '../batch/batch-routes.ts'
import type { Batch, BatchItem } from '../batch/batch-store.ts'
import { isDone, resultsOf } from '../batch/run-batch.ts'
import { DEFAULT_PROVIDER } from '../options.ts'
import { keyName } from '../provider.ts'
import { checkKey } from '../refusal.ts'
import type { Visit } from '../routes.ts'
import { isRecord, parsedOr } from '../value.ts'
import { anthropicMessages } from './messages.ts'
import { problemBody } from './vendor.ts'

const DAY_MS = 86_400_000
const ROOT = '/v1/messages/batches'

/** `/v1/messages/batches`; `undefined` for other paths. */
export async function anthropicBatches(visit: Visit): Promise<BatchReply | undefined> {
  const { path, request, house, provider } = visit
  if (!path.startsWith(ROOT)) return undefined
  if (path === ROOT && request.method === 'POST') return create(visit)
  if (path === ROOT) {
    const own = [...house.batches.batches.values()].filter(
      (batch) => batch.provider === provider && batch.id.startsWith('msgbatch_'),
    )
    const data = await Promise.all(own.map((batch) => describe(visit, batch)))
    return {
      status: 200,
      body: { data, has_more: false, first_id: own[0]?.id ?? null, last_id: own.at(-1)?.id ?? null },
    }
  }
  const [, id = '', action] = /^\/([^/]+)(?:\/(cancel|results))?$/.exec(path.slice(ROOT.length)) ?? []
  const batch = house.batches.batches.get(id)
  if (batch?.provider !== provider) return refused(404, `message batch ${id} not found`)
  if (action === 'cancel' && batch.results === undefined) batch.isCancelled = true
  if (action === 'results') return results(visit, batch)
  return { status: 200, body: await describe(visit, batch) }
}

async function create(visit: Visit): Promise<BatchReply> {
  const { house, provider, parsed, request, query, vendor } = visit
  const requests = isRecord(parsed) ? parsed['requests'] : undefined
  if (!Array.isArray(requests) || requests.length === 0) return refused(400, 'requests: Field required')
  const items = (requests as readonly unknown[]).flatMap((item): BatchItem[] =>
    isRecord(item) && typeof item['custom_id'] === 'string'
      ? [{ id: item['custom_id'], wire: anthropicMessages, path: '/v1/messages', body: item['params'] }]
      : [],
  )
  if (items.length < requests.length) return refused(400, 'requests: custom_id: Field required')
  const batch: Batch = {
    id: house.batches.nextId('msgbatch_'),
    provider,
    key: keyName(provider, checkKey(provider, vendor, request, query).key),
    createdAt: house.options.clock(),
    items,
    isCancelled: false,
    results: undefined,
  }
  house.batches.batches.set(batch.id, batch)
  return { status: 200, body: { ...(await describe(visit, batch)), processing_status: 'in_progress' } }
}

async function describe({ house, request, provider }: Visit, batch: Batch): Promise<object> {
  const done = isDone(house, batch)
  const answered = done ? await resultsOf(house, batch) : []
  const errored = answered.filter(({ status }) => status >= 400).length
  const total = batch.items.length
  const prefix = provider.name === DEFAULT_PROVIDER ? '' : `/p/${provider.name}`
  const root = `http://${request.headers.host ?? 'localhost'}${prefix}${ROOT}`
  return {
    id: batch.id,
    type: 'message_batch',
    processing_status: done ? 'ended' : 'in_progress',
    request_counts: {
      processing: done ? 0 : total,
      succeeded: answered.length - errored,
      errored,
      canceled: done ? total - answered.length : 0,
      expired: 0,
    },
    created_at: new Date(batch.createdAt).toISOString(),
    expires_at: new Date(batch.createdAt + DAY_MS).toISOString(),
    ended_at: done ? new Date(house.options.clock()).toISOString() : null,
    cancel_initiated_at: null,
    archived_at: null,
    results_url: done ? `${root}/${batch.id}/results` : null,
  }
}

async function results({ house }: Visit, batch: Batch): Promise<BatchReply> {
  if (!isDone(house, batch)) return refused(404, 'the results of this batch are not available yet')
  const answered = new Map((await resultsOf(house, batch)).map((result) => [result.id, result]))
  const lines = batch.items.map(({ id }) => {
    const found = answered.get(id)
    if (found === undefined) return { custom_id: id, result: { type: 'canceled' } }
    const value = parsedOr(found.text)
    const result = found.status < 400 ? { type: 'succeeded', message: value } : { type: 'errored', error: value }
    return { custom_id: id, result }
  })
  return {
    status: 200,
    body: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    headers: { 'content-type': 'application/x-jsonl' },
  }
}

function refused(status: number, message: string): BatchReply {
  return { status, body: problemBody({ status, message }) }
}
