import {
  noUsage,
  priceCall,
  type CallCost,
  type CallEntry,
  type CallOutcome,
  type JsonObject,
  type MeepoError,
  type ModelResponse,
  type Priced,
} from '@meepo/core'

import type { GatewayCall } from '../pipeline/stage.ts'
import type { TryReport } from '../pipeline/try-report.ts'
import type { Target } from '../target.ts'
import type { CallPlan } from './call-plan.ts'
import type { CallFacts } from './facts.ts'

/** One try that is over, for its line in the books. */
export interface EndedTry {
  readonly call: GatewayCall
  readonly target: Target
  readonly plan: CallPlan
  readonly try: number
  /** The most output that was asked of the provider. */
  readonly maxOutputTokens: number
  readonly startedAt: number
  readonly endedAt: number
  readonly durationMs: number
  /** Absent: it never got as far as the wire. */
  readonly report?: TryReport | undefined
  readonly response?: ModelResponse | undefined
  readonly error?: MeepoError | undefined
  readonly outcome: CallOutcome
  readonly facts?: CallFacts
}

const zero: CallCost = { status: 'zero', picoDollars: '0' }

/** The line of a try. Every way it can end has one. */
export function entryOf(ended: EndedTry): CallEntry {
  const { target, report, response, error, startedAt } = ended
  const isFree = report === undefined || isUnbilled(ended)
  const priced = isFree ? undefined : price(ended, report)
  const base = {
    target: target.id,
    key: target.key,
    ...(response ? { model: response.model } : {}),
    outcome: ended.outcome,
    cost: priced ? costOf(priced, report) : zero,
    usage: isFree ? noUsage : report.summary,
    startedAt,
    durationMs: Math.max(0, Math.round(ended.durationMs)),
    try: ended.try,
  }
  return {
    ...base,
    ...(report?.firstContentAt === undefined ? {} : { firstContentMs: Math.max(0, report.firstContentAt - startedAt) }),
    ...(error ? { error: { code: error.code, message: error.message } } : {}),
    facts: factsOf(ended, priced),
  }
}

/** Nothing left, or the provider said no before it began. */
function isUnbilled({ report, error }: EndedTry): boolean {
  if (!error) return false
  if (error.notSent) return true
  return report?.isRefused === true && report.isEmpty
}

function price({ plan, endedAt, target }: EndedTry, report: TryReport): Priced {
  const { serviceTier, region, reportedPicoDollars, model } = report.extracted
  const { pricedAs } = target
  return priceCall(plan.prices.findServed(pricedAs, target.model, model), report.buckets, {
    at: endedAt,
    serviceTier,
    requestedTier: plan.tier,
    region: region ?? report.target.region,
    reportedPicoDollars,
    innerCard: (inner) => plan.prices.find(pricedAs, inner),
  })
}

function costOf(priced: Priced, report: TryReport | undefined): CallCost {
  const card = priced.card === undefined ? {} : { card: priced.card }
  if (priced.status === 'unpriced') return { status: 'unpriced', picoDollars: null }
  const isOwnCount = report?.buckets.source !== 'final'
  return { status: isOwnCount ? 'estimated' : 'settled', picoDollars: priced.total.toString(), ...card }
}

function factsOf(
  { call, plan, report, response, maxOutputTokens, facts }: EndedTry,
  priced: Priced | undefined,
): CallFacts {
  const { request, prefix, prefixShare } = call.fingerprint
  const { serviceTier, region } = report?.extracted ?? {}
  // Not with a spread for each: a dozen of them cost more than all the rest of the line.
  const known: { -readonly [K in keyof CallFacts]: CallFacts[K] } = {
    ...facts,
    callOf: call.origin.attemptId,
    requestHash: request,
  }
  if (prefix !== undefined) {
    known.prefixHash = prefix
    known.prefixTokens = Math.round(prefixShare * plan.inputTokens)
  }
  known.countedTokens = plan.inputTokens
  known.maxOutputTokens = maxOutputTokens
  if (call.onText) known.isStreamed = true
  if (call.request.routing?.canWait) known.canWait = true
  if (plan.tier !== undefined) known.requestedTier = plan.tier
  if (serviceTier !== undefined) known.servedTier = serviceTier
  if (region !== undefined) known.region = region
  if (response) known.finish = response.finish
  if (report && !report.isEmpty) known.buckets = countsOf(report)
  if (priced && priced.flags.length > 0) known.flags = priced.flags
  return known
}

/** The disjoint counts, without the provider's own words. */
function countsOf(report: TryReport): JsonObject {
  const { in: input, read, write, out, units, inner, flags, source } = report.buckets
  const counts = { in: input, read, write, out, units, ...(inner ? { inner } : {}), flags, source }
  // Plain numbers, texts and lists of them.
  return counts as unknown as JsonObject
}
