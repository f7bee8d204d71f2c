import {
  budgetError,
  emptyBuckets,
  noUsage,
  priceCall,
  type CallCost,
  type CallEntry,
  type MeepoError,
  type PriceCard,
} from '@meepo/core'

import { announced } from '../books/announce.ts'
import type { CallFacts } from '../books/facts.ts'
import type { PriceList } from '../prices/price-list.ts'
import type { TokenScales } from '../tokens/estimate-tokens.ts'
import type { EmbedSlice } from './embed-slice.ts'
import { shares } from './shares.ts'

/** A slice whose money is set aside, with its own line of the books. */
export interface OpenSlice {
  readonly slice: EmbedSlice
  readonly id: string
}

/** What is the same for all lines of one request. */
export interface Sent {
  readonly try: number
  readonly startedAt: number
  readonly endedAt: number
  readonly durationMs: number
  /** By the provider's word. Absent, and where it cannot be true: by our own count. */
  readonly tokens?: number | undefined
  readonly error?: MeepoError | undefined
}

/** Our own count may be too small by so much, or by more where that was learnt. */
const inputMargin = 1.5

/** What opening a slice needs besides it. */
export interface OpenOptions {
  readonly prices: PriceList
  /** What was learnt of the tokens of models. */
  readonly scales: TokenScales
  readonly try: number
  readonly at: number
}

/** Sets the money of a slice aside. Rejects with `budget.exceeded`, or what the account rejects with. */
export async function openSlice(
  slice: EmbedSlice,
  { prices, scales, try: attempt, at }: OpenOptions,
): Promise<OpenSlice> {
  const { target } = slice.place
  const { mostInputTokens } = scales.count(target.id, slice.size)
  const inputTokens = Math.max(Math.ceil(slice.tokens * inputMargin), mostInputTokens)
  const money = announced(prices, target, { inputTokens, maxOutputTokens: 0, at, mayWriteCache: false })
  const id = slice.nextId()
  const grant = await slice.tab.open({ id, target: target.id, key: target.key, try: attempt, ...money })
  if (grant.kind === 'granted') return { slice, id }
  const error = budgetError(grant)
  slice.tab.settle(
    id,
    lineOf(slice, { outcome: 'refused', cost: free, tokens: 0, sent: sentNever(at, attempt, error) }),
  )
  throw error
}

/** Books a request: each slice its share, which add up to what the provider bills. */
export function settleSlices(open: readonly OpenSlice[], prices: PriceList, sent: Sent): void {
  const [first] = open
  if (!first) return
  const weights = open.map(({ slice }) => slice.tokens)
  const { target } = first.slice.place
  const isBilled = isBilledAnyway(sent)
  const told = believable(sent.tokens)
  const total = isBilled ? (told ?? weights.reduce((sum, tokens) => sum + tokens, 0)) : 0
  const cost = isBilled ? costOf(prices.find(target.pricedAs, target.model), total, sent) : free
  const tokens = shares(BigInt(total), weights).map(Number)
  const money = cost.picoDollars === null ? undefined : shares(BigInt(cost.picoDollars), weights)
  for (const [index, { slice, id }] of open.entries()) {
    const own = money === undefined ? cost : { ...cost, picoDollars: String(money[index]) }
    const facts: CallFacts = {
      ...(open.length > 1 ? { sharedBy: open.length, paidBy: first.id } : {}),
      countedTokens: slice.tokens,
      ...(sent.tokens === told ? {} : { flags: ['usage_invalid'] as const }),
    }
    const outcome = outcomeOf(sent)
    slice.tab.settle(id, lineOf(slice, { outcome, cost: own, tokens: tokens[index] ?? 0, sent, facts }))
  }
}

/** More than any request takes. */
const mostTold = 1_000_000_000

/** A count that can be true. Any other would be free, or empty a budget. */
export function believable(tokens: number | undefined): number | undefined {
  return Number.isSafeInteger(tokens) && Number(tokens) >= 0 && Number(tokens) <= mostTold ? tokens : undefined
}

function outcomeOf({ error }: Sent): CallEntry['outcome'] {
  if (error === undefined) return 'ok'
  if (error.notSent) return 'not_sent'
  return error.code === 'task.cancelled' ? 'aborted' : 'failed'
}

const free: CallCost = { status: 'zero', picoDollars: '0' }

/** The provider's own words that it made nothing. */
const refusals: ReadonlySet<string> = new Set([
  'model.content_filter',
  'model.context_length',
  'model.not_found',
  'model.overloaded',
  'model.rate_limited',
  'model.rejected',
  'model.unauthorized',
])

/** A refusal is free. Whatever else ended a request that was sent (a reset, garbage, a caller who left) may be billed. */
function isBilledAnyway({ error }: Sent): boolean {
  if (error === undefined) return true
  const status = error.details?.['status']
  return !error.notSent && !refusals.has(error.code) && !(typeof status === 'number' && status >= 400)
}

function costOf(card: PriceCard | undefined, tokens: number, { endedAt, tokens: told }: Sent): CallCost {
  const isTold = believable(told) !== undefined
  const usage = { ...emptyBuckets, in: { text: tokens }, source: isTold ? ('final' as const) : ('estimated' as const) }
  const priced = priceCall(card, usage, { at: endedAt })
  if (priced.status === 'unpriced') return { status: 'unpriced', picoDollars: null }
  return {
    status: isTold ? 'settled' : 'estimated',
    picoDollars: String(priced.total),
    ...(priced.card === undefined ? {} : { card: priced.card }),
  }
}

interface Line {
  readonly outcome: CallEntry['outcome']
  readonly cost: CallCost
  readonly tokens: number
  readonly sent: Sent
  readonly facts?: CallFacts
}

function lineOf({ place: { target } }: EmbedSlice, { outcome, cost, tokens, sent, facts }: Line): CallEntry {
  const { error } = sent
  return {
    target: target.id,
    key: target.key,
    ...(error === undefined ? { model: target.model } : {}),
    outcome,
    cost,
    usage: outcome === 'ok' || tokens > 0 ? { ...noUsage, input: tokens, calls: 1 } : noUsage,
    startedAt: sent.startedAt,
    durationMs: Math.max(0, Math.round(sent.durationMs)),
    try: sent.try,
    ...(error ? { error: { code: error.code, message: error.message } } : {}),
    ...(facts ? { facts } : {}),
  }
}

function sentNever(at: number, attempt: number, error: MeepoError): Sent {
  return { try: attempt, startedAt: at, endedAt: at, durationMs: 0, error }
}
