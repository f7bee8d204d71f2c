import type { BatchReply } from '../batch/batch-routes.ts'
import type { Batch, BatchItem } from '../batch/batch-store.ts'
import { isDone, resultsOf } from '../batch/run-batch.ts'
import { keyName } from '../provider.ts'
import { checkKey } from '../refusal.ts'
import type { Visit } from '../routes.ts'
import { isRecord, parsedOr } from '../value.ts'
import { modelAction } from '../wire/pick-wire.ts'
import { geminiGenerate } from './generate.ts'
import { gemini } from './vendor.ts'

const ROOT = '/v1beta/batches'

/** `batchGenerateContent` with its requests inside, and `/v1beta/batches`; `undefined` for other paths. */
export async function geminiBatches(visit: Visit): Promise<BatchReply | undefined> {
  const { path, house, provider } = visit
  const found = modelAction(path)
  if (found?.action === 'batchGenerateContent') return create(visit, found.model)
  if (path === ROOT) {
    const own = [...house.batches.batches.values()].filter(
      (batch) => batch.provider === provider && batch.id.startsWith('batches/'),
    )
    return { status: 200, body: { operations: await Promise.all(own.map((batch) => describe(visit, batch))) } }
  }
  const [, id = '', cancel] = /^\/v1beta\/(batches\/[^/:]+)(:cancel)?$/.exec(path) ?? []
  if (id === '') return undefined
  const batch = house.batches.batches.get(id)
  if (batch?.provider !== provider) return refused(404, `Batch ${id} not found.`)
  if (cancel === undefined) return { status: 200, body: await describe(visit, batch) }
  if (batch.results === undefined) batch.isCancelled = true
  return { status: 200, body: {} }
}

async function create(visit: Visit, model: string): Promise<BatchReply> {
  const { house, provider, parsed, request, query, vendor } = visit
  let requests: unknown = parsed
  for (const name of ['batch', 'inputConfig', 'requests', 'requests'])
    requests = isRecord(requests) ? requests[name] : undefined
  if (!Array.isArray(requests) || requests.length === 0) {
    return refused(400, 'batch.input_config.requests: the requests must be inlined')
  }
  const path = `/v1beta/models/${model}:generateContent`
  const items = (requests as readonly unknown[]).flatMap((item, index): BatchItem[] => {
    if (!isRecord(item)) return []
    const { metadata, request: body } = item
    const key = isRecord(metadata) ? metadata['key'] : undefined
    return [{ id: typeof key === 'string' ? key : String(index), wire: geminiGenerate, path, model, body }]
  })
  const batch: Batch = {
    id: house.batches.nextId('batches/'),
    provider,
    key: keyName(provider, checkKey(provider, vendor, request, query).key),
    createdAt: house.options.clock(),
    items,
    isCancelled: false,
    results: undefined,
  }
  house.batches.batches.set(batch.id, batch)
  return { status: 200, body: { name: batch.id, metadata: metadataOf(batch, 'BATCH_STATE_PENDING', 0, 0) } }
}

function metadataOf(batch: Batch, state: string, succeeded: number, failed: number): object {
  const total = batch.items.length
  return {
    state,
    createTime: new Date(batch.createdAt).toISOString(),
    batchStats: {
      requestCount: String(total),
      successfulRequestCount: String(succeeded),
      failedRequestCount: String(failed),
      pendingRequestCount: String(total - succeeded - failed),
    },
  }
}

async function describe({ house }: Visit, batch: Batch): Promise<object> {
  if (!isDone(house, batch)) return { name: batch.id, metadata: metadataOf(batch, 'BATCH_STATE_RUNNING', 0, 0) }
  const results = await resultsOf(house, batch)
  const failed = results.filter(({ status }) => status >= 400).length
  const state = batch.isCancelled ? 'BATCH_STATE_CANCELLED' : 'BATCH_STATE_SUCCEEDED'
  const inlinedResponses = results.map(({ id, status, text }) => {
    const value = parsedOr(text)
    const error = isRecord(value) ? value['error'] : undefined
    return { metadata: { key: id }, ...(status < 400 ? { response: value } : { error }) }
  })
  const output = { inlinedResponses: { inlinedResponses } }
  return {
    name: batch.id,
    metadata: { ...metadataOf(batch, state, results.length - failed, failed), output },
    done: true,
    response: output,
  }
}

function refused(status: number, message: string): BatchReply {
  return { status, body: gemini.errorBody({ status, message }) }
}
