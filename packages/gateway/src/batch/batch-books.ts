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
import { planCall, withOutputLimit } from '../books/call-plan.ts'
import { TryReport } from '../pipeline/try-report.ts'
import type { PriceList } from '../prices/price-list.ts'
import type { Target } from '../target.ts'
import { defaultScale, TokenScales } from '../tokens/estimate-tokens.ts'
import { requestSize } from '../tokens/request-text.ts'
import type { BatchTicketItem } from './ticket.ts'

/** A request on its way into a batch. */
export interface BatchItem {
  readonly id: string
  readonly request: ModelRequest
  readonly account: CallAccount
}

/** Batches take up to a day, and their prices may change meanwhile. */
const dayMs = 86_400_000
/** Our own count is what is usual; at least so much above it is the bound. */
const inputMargin = 1.4

/** What to announce of a request: the most that it can cost in a batch. */
export function announcedItem(
  prices: PriceList,
  target: Target,
  { countedTokens, mostInputTokens = 0, maxOutputTokens }: BatchTicketItem,
  at: number,
): ReturnType<typeof announced> {
  const inputTokens = Math.max(Math.ceil(countedTokens * inputMargin), mostInputTokens)
  return announced(prices, target, { inputTokens, maxOutputTokens, at, forMs: dayMs, serviceTier: 'batch' })
}

/** A request whose money is set aside, as it is to be sent. */
export interface OpenItem {
  readonly item: BatchTicketItem
  readonly request: ModelRequest
}

/** What opening a request needs besides it. */
export interface OpenOptions {
  readonly prices: PriceList
  /** What was learnt of the tokens of models. */
  readonly scales?: TokenScales | undefined
  readonly at: number
}

/** Sets the money of one request aside, at the price of batches. Rejects with `budget.exceeded`. */
export async function openItem(
  { id, request, account }: BatchItem,
  target: Target,
  { prices, scales = new TokenScales(), at }: OpenOptions,
): Promise<OpenItem> {
  const counted = scales.count(target.id, requestSize(request))
  const { maxOutputTokens, mustLimitOutput } = planCall(target, request, { prices, ...counted, at })
  const item = {
    id,
    countedTokens: counted.inputTokens,
    mostInputTokens: counted.mostInputTokens,
    maxOutputTokens,
    requestHash: fingerprint(account.tenant, request).request,
  }
  const money = announcedItem(prices, target, item, at)
  const grant = await account.open({ id, target: target.id, key: target.key, try: 1, ...money })
  if (grant.kind === 'granted') {
    // Money that is set aside, for a price or a ceiling, is enough for so many tokens only when the provider is told.
    const mustLimit = mustLimitOutput && (money.picoDollars !== null || grant.picoDollars !== null)
    return { item, request: mustLimit ? withOutputLimit(request, target, maxOutputTokens) : request }
  }
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
