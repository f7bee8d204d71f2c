import type { LanguageModelV4GenerateResult } from '@ai-sdk/provider'
import {
  budgetError,
  noUsage,
  priceCall,
  type CallAccount,
  type CallCost,
  type CallEntry,
  type JsonObject,
  type MeepoError,
  type ModelRequest,
  type ModelResponse,
} from '@meepo/core'

import { announced } from '../books/announce.ts'
import { fingerprint, type CallFacts } from '../books/facts.ts'
import { planCall } from '../books/call-plan.ts'
import { TryReport } from '../pipeline/try-report.ts'
import type { PriceList } from '../prices/price-list.ts'
import type { Target } from '../target.ts'
import { defaultScale, estimateTokens } from '../tokens/estimate-tokens.ts'
import type { BatchTicketItem } from './ticket.ts'

/** A request on its way into a batch. */
export interface BatchItem {
  readonly id: string
  readonly request: ModelRequest
  readonly account: CallAccount
}

/** Batches take up to a day, and their prices may change meanwhile. */
const dayMs = 86_400_000
/** Our own count is what is usual; so much above it is the bound. */
const inputMargin = 1.4

/** What to announce of a request: the most that it can cost in a batch. */
export function announcedItem(
  prices: PriceList,
  target: Target,
  { countedTokens, maxOutputTokens }: BatchTicketItem,
  at: number,
): ReturnType<typeof announced> {
  const inputTokens = Math.ceil(countedTokens * inputMargin)
  return announced(prices, target, { inputTokens, maxOutputTokens, at, forMs: dayMs, serviceTier: 'batch' })
}

/** Sets the money of one request aside, at the price of batches. Rejects with `budget.exceeded`. */
export async function openItem(
  { id, request, account }: BatchItem,
  target: Target,
  prices: PriceList,
  at: number,
): Promise<BatchTicketItem> {
  const inputTokens = estimateTokens(request)
  const { maxOutputTokens } = planCall(target, request, { prices, inputTokens, at })
  const item = {
    id,
    countedTokens: inputTokens,
    maxOutputTokens,
    requestHash: fingerprint(account.tenant, request).request,
  }
  const money = announcedItem(prices, target, item, at)
  const grant = await account.open({ id, target: target.id, key: target.key, try: 1, ...money })
  if (grant.kind === 'granted') return item
  const error = budgetError(grant)
  account.settle(id, lineOf(item, target, { outcome: 'refused', cost: free, startedAt: at, endedAt: at, error }))
  throw error
}

/** What is known of a request at its end. */
export interface ItemEnd {
  readonly outcome: CallEntry['outcome']
  readonly cost: CallCost
  readonly startedAt: number
  readonly endedAt: number
  readonly batchId?: string
  readonly report?: TryReport
  readonly response?: ModelResponse
  readonly error?: MeepoError
}

/** Nothing was billed. */
export const free: CallCost = { status: 'zero', picoDollars: '0' }

/** The line of a request. */
export function lineOf(item: BatchTicketItem, target: Target, end: ItemEnd): CallEntry {
  const { report, response, error } = end
  const { raw: _raw, ...buckets } = report?.buckets ?? {}
  const facts: CallFacts = {
    requestHash: item.requestHash,
    countedTokens: item.countedTokens,
    maxOutputTokens: item.maxOutputTokens,
    canWait: true,
    requestedTier: 'batch',
    ...(end.batchId === undefined ? {} : { batchId: end.batchId }),
    ...(response ? { finish: response.finish } : {}),
    // Plain numbers, texts and lists of them.
    ...(report ? { buckets: buckets as unknown as JsonObject } : {}),
  }
  return {
    target: target.id,
    key: target.key,
    ...(response ? { model: response.model } : {}),
    outcome: end.outcome,
    cost: end.cost,
    usage: report ? report.summary : noUsage,
    startedAt: end.startedAt,
    durationMs: Math.max(0, end.endedAt - end.startedAt),
    try: 1,
    ...(error ? { error: { code: error.code, message: error.message } } : {}),
    facts,
  }
}

/** What the provider told about an answered request. */
export function reportOf(item: BatchTicketItem, target: Target, result: LanguageModelV4GenerateResult): TryReport {
  const report = new TryReport(target, item.countedTokens, defaultScale)
  report.usage = result.usage
  report.metadata = result.providerMetadata
  for (const part of result.content) if ('text' in part) report.arrived += part.text.length
  return report
}

/** At the price of batches, with the difference to the usual one. */
export function costOf(report: TryReport, prices: PriceList, served: string | undefined, at: number): CallCost {
  const { target, buckets } = report
  const card = prices.findServed(target.pricedAs, target.model, served)
  const region = report.extracted.region ?? target.region
  const priced = priceCall(card, buckets, { at, requestedTier: 'batch', region })
  if (priced.status === 'unpriced') return { status: 'unpriced', picoDollars: null }
  const usual = priceCall(card, buckets, { at, region }).total
  return {
    status: buckets.source === 'final' ? 'settled' : 'estimated',
    picoDollars: String(priced.total),
    ...(usual > priced.total ? { savedPicoDollars: String(usual - priced.total) } : {}),
    ...(priced.card === undefined ? {} : { card: priced.card }),
  }
}
