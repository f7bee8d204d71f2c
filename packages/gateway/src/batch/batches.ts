import type { Experimental_TextBatchV4ItemResult, Experimental_TextBatchV4Request } from '@ai-sdk/provider'
import {
  MeepoError,
  toErrorData,
  type CallAccount,
  type CallCost,
  type ModelRequest,
  type Scheduler,
} from '@meepo/core'

import { fromResult } from '../answer.ts'
import { toModelError } from '../errors/model-error.ts'
import type { PriceList } from '../prices/price-list.ts'
import { toCallOptions } from '../request.ts'
import { toResponse } from '../response.ts'
import type { Target } from '../target.ts'
import type { TokenScales } from '../tokens/estimate-tokens.ts'
import {
  announcedItem,
  costOf,
  free,
  lineOf,
  openItem,
  reportOf,
  type BatchItem,
  type ItemEnd,
  type OpenItem,
} from './batch-books.ts'
import type { BatchTarget } from './batch-target.ts'
import type { BatchOutcome, BatchProgress, BatchTicket, BatchTicketItem } from './ticket.ts'

/** What batches need. */
export interface BatchTools {
  /** Those in force. */
  readonly prices: () => PriceList | Promise<PriceList>
  readonly scheduler: Pick<Scheduler, 'now'>
  /** What was learnt of the tokens of models. */
  readonly scales?: TokenScales
}

const noRequest: ModelRequest = { messages: [] }

/**
 * Sets the money of all requests aside and hands them to the provider: all, or none. When it rejects nothing was handed over
 * (`notSent`), unless the provider was silent: then what was set aside counts as spent, as nobody knows.
 */
export async function submitBatch(
  { prices: pricesNow, scheduler, scales }: BatchTools,
  { target, load }: BatchTarget,
  items: readonly BatchItem[],
  signal?: AbortSignal,
): Promise<BatchTicket> {
  const prices = await pricesNow()
  const startedAt = scheduler.now()
  const settleAll = (ticketItems: readonly BatchTicketItem[], error: MeepoError): void => {
    const isUnknown = !error.notSent
    for (const item of ticketItems) {
      const account = items.find(({ id }) => id === item.id)?.account
      const times = { startedAt, endedAt: scheduler.now() }
      const line = isUnknown
        ? unknownLine(item, target, prices, { ...times, error })
        : lineOf(item, target, { ...times, outcome: 'not_sent', cost: free, error })
      account?.settle(item.id, line)
    }
  }
  const opened: OpenItem[] = []
  try {
    const door = await load()
    // Together, so that a durable account writes them together.
    const opening = await Promise.allSettled(
      items.map((item) => openItem(item, target, { prices, scales, at: startedAt })),
    )
    opened.push(...opening.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])))
    const refused = opening.find((one) => one.status === 'rejected')
    if (refused) throw refused.reason
    const requests = opened.map(({ item: { id }, request }) => toBatchRequest(id, request, target))
    const { batchId, expiresAt } = await door.doStartBatch({ requests, ...(signal ? { abortSignal: signal } : {}) })
    return {
      batchId,
      target: target.id,
      key: target.key,
      submittedAt: startedAt,
      ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }),
      items: opened.map(({ item }) => item),
    }
  } catch (thrown) {
    const error = submitError(thrown, target, items)
    settleAll(
      opened.map(({ item }) => item),
      error,
    )
    throw error
  }
}

/** Asks the provider how far it is. Costs nothing. */
export async function pollBatch(door: BatchTarget, ticket: BatchTicket, signal?: AbortSignal): Promise<BatchProgress> {
  const { status, requestCounts } = await ask(
    door,
    async (batches) =>
      await batches.doGetBatchStatus({ batchId: ticket.batchId, ...(signal ? { abortSignal: signal } : {}) }),
  )
  return { status, ...(requestCounts ? { counts: requestCounts } : {}) }
}

/** Asks the provider to stop. What it answered by then is billed and can still be fetched. */
export async function cancelBatch(door: BatchTarget, ticket: BatchTicket, signal?: AbortSignal): Promise<void> {
  await ask(door, async (batches) => {
    await batches.doCancelBatch?.({ batchId: ticket.batchId, ...(signal ? { abortSignal: signal } : {}) })
  })
}

/**
 * Fetches what became of a batch that is no longer pending, and books every request. Doing it twice books nothing twice.
 * `accountOf` says who pays for which request.
 */
export async function fetchBatch(
  { prices: pricesNow, scheduler }: BatchTools,
  door: BatchTarget,
  ticket: BatchTicket,
  accountOf: (id: string) => CallAccount | undefined,
  signal?: AbortSignal,
): Promise<readonly BatchOutcome[]> {
  const found = await ask(door, async (batches) => {
    const stream = await batches.doGetBatchResults({
      batchId: ticket.batchId,
      ...(signal ? { abortSignal: signal } : {}),
    })
    const results = new Map<string, Experimental_TextBatchV4ItemResult>()
    for await (const item of stream) if (item.type === 'text') results.set(item.id, item)
    return results
  })
  const prices = await pricesNow()
  const endedAt = scheduler.now()
  return ticket.items.map((item) => {
    const { outcome, line } = readItem(item, found.get(item.id), { ticket, target: door.target, prices, endedAt })
    accountOf(item.id)?.settle(item.id, line)
    return outcome
  })
}

/** Books every request of a batch whose results nobody can get any more: all that was set aside counts as spent. */
export async function settleUnknown(
  { prices: pricesNow, scheduler }: BatchTools,
  { target }: BatchTarget,
  { batchId, submittedAt, items }: BatchTicket,
  { accountOf, error }: { readonly accountOf: (id: string) => CallAccount | undefined; readonly error: MeepoError },
): Promise<void> {
  const prices = await pricesNow()
  const end = { startedAt: submittedAt, endedAt: scheduler.now(), batchId, error }
  for (const item of items) accountOf(item.id)?.settle(item.id, unknownLine(item, target, prices, end))
}

/** The provider may have billed it: the most that it can have cost. */
function unknownLine(
  item: BatchTicketItem,
  target: Target,
  prices: PriceList,
  end: Omit<ItemEnd, 'outcome' | 'cost'>,
): ReturnType<typeof lineOf> {
  const { picoDollars } = announcedItem(prices, target, item, end.startedAt)
  const cost: CallCost =
    picoDollars === null
      ? { status: 'unpriced', picoDollars: null }
      : { status: 'unknown', picoDollars: String(picoDollars) }
  return lineOf(item, target, { ...end, outcome: 'unknown', cost })
}

interface Reading {
  readonly ticket: BatchTicket
  readonly target: Target
  readonly prices: PriceList
  readonly endedAt: number
}

function readItem(
  item: BatchTicketItem,
  result: Experimental_TextBatchV4ItemResult | undefined,
  { ticket, target, prices, endedAt }: Reading,
): { readonly outcome: BatchOutcome; readonly line: ReturnType<typeof lineOf> } {
  const { id } = item
  const times = { startedAt: ticket.submittedAt, endedAt, batchId: ticket.batchId }
  if (result?.status !== 'succeeded') {
    const error = itemError(result, target)
    return {
      outcome: { kind: 'failed', id, error },
      line: lineOf(item, target, { ...times, outcome: 'failed', cost: free, error }),
    }
  }
  const report = reportOf(item, target, result.result)
  const served = result.result.response?.modelId
  const cost = costOf(report, prices, served, endedAt)
  try {
    const response = toResponse(fromResult(result.result), report)
    const line = lineOf(item, target, { ...times, outcome: 'ok', cost, report, response })
    return { outcome: { kind: 'answered', id, response }, line }
  } catch (thrown) {
    // Billed although it is of no use: filtered, or not whole.
    const error = toModelError(thrown, target, noRequest, 'in-answer')
    const line = lineOf(item, target, { ...times, outcome: 'failed', cost, report, error })
    return { outcome: { kind: 'failed', id, error }, line }
  }
}

function itemError(
  result: Exclude<Experimental_TextBatchV4ItemResult, { status: 'succeeded' }> | undefined,
  target: Target,
): MeepoError {
  if (result?.status !== 'failed') {
    const what = result?.status ?? 'not answered'
    return new MeepoError(
      'model.unavailable',
      `${target.id} did not work on the request: it was ${what} with its batch`,
      {
        details: { provider: target.provider, model: target.model, reason: result?.status ?? 'missing' },
      },
    )
  }
  const { message, type, code, statusCode } = result.error
  const body = { error: { message, ...(type === undefined ? {} : { type }), ...(code === undefined ? {} : { code }) } }
  return toModelError({ statusCode, responseBody: JSON.stringify(body) }, target, noRequest, 'before-answer')
}

function toBatchRequest(id: string, request: ModelRequest, target: Target): Experimental_TextBatchV4Request {
  const send = { id, idempotencyKey: id, signal: new AbortController().signal, onText: undefined }
  const { headers: _headers, abortSignal: _signal, ...options } = toCallOptions(target, request, send, send.signal)
  return { type: 'text', id, modelId: target.model, options }
}

async function ask<T>(
  { target, load }: BatchTarget,
  action: (door: Awaited<ReturnType<BatchTarget['load']>>) => Promise<T>,
): Promise<T> {
  try {
    return await action(await load())
  } catch (error) {
    throw toModelError(error, target, noRequest, 'before-answer')
  }
}

/** What the adapter refuses, because a batch cannot do it, was not sent either. */
function submitError(thrown: unknown, target: Target, items: readonly BatchItem[]): MeepoError {
  const messages = items.flatMap(({ request }) => request.messages)
  if (thrown instanceof Error && /^AI_(?:UnsupportedFunctionality|InvalidArgument)/.test(thrown.name)) {
    return new MeepoError('model.rejected', `${target.id} cannot do that in a batch: ${thrown.message}`, {
      notSent: true,
    })
  }
  const error = toModelError(thrown, target, { messages }, 'before-answer')
  // A clear no is as certain as if nothing had been sent.
  return error.retryable || error.notSent ? error : MeepoError.fromData({ ...toErrorData(error), notSent: true })
}
