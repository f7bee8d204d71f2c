import {
  affordableOutput,
  upperBound,
  type Json,
  type JsonObject,
  type ModelRequest,
  type ModelSettings,
  type Pico,
  type PriceCard,
  type UpperBound,
  type UpperBoundOptions,
} from '@meepo/core'

import type { PriceList } from '../prices/price-list.ts'
import type { Target } from '../target.ts'

/** What a call to one target needs at most, and what that costs. */
export interface CallPlan {
  /** The prices that held when the call was planned. */
  readonly prices: PriceList
  readonly card: PriceCard | undefined
  /** Input tokens by the count before the call: as they probably are, and at most. */
  readonly inputTokens: number
  readonly mostInputTokens: number
  /** The most output tokens that can come, and whether the provider has to be told so. */
  readonly maxOutputTokens: number
  readonly mustLimitOutput: boolean
  /** Undefined: there is no price. */
  readonly bound: UpperBound | undefined
  /** The class of service that the request asks for. */
  readonly tier: string | undefined
}

/** Of a model whose limit nobody knows, when the request has none either. */
const unknownMaxOutput = 16_384

/** What a plan is made of, besides target and request. */
export interface PlanOptions {
  readonly prices: PriceList
  readonly inputTokens: number
  /** What money is set aside for. Unless given, the count is sure. */
  readonly mostInputTokens?: number
  readonly at: number
}

/** Plans one call. */
export function planCall(
  target: Target,
  request: ModelRequest,
  { prices, inputTokens, mostInputTokens = inputTokens, at }: PlanOptions,
): CallPlan {
  const { settings = {} } = request
  const card = prices.find(target.pricedAs, target.model)
  const asked = settings.maxOutputTokens
  const known = card?.limits?.maxOutputTokens
  const maxOutputTokens = (asked ?? known ?? unknownMaxOutput) + thinkingTokens(target, settings)
  const tier = requestedTier(target, settings)
  const bound =
    card &&
    boundOf(card, {
      inputTokens: mostInputTokens,
      maxOutputTokens,
      at,
      serviceTier: tier,
      region: target.region,
    })
  return {
    prices,
    card,
    inputTokens,
    mostInputTokens,
    maxOutputTokens,
    mustLimitOutput: asked === undefined && known === undefined,
    bound,
    tier,
  }
}

type Bounds = Map<string, { readonly input: Pico; readonly outputRate: Pico; readonly card: string }>
const simpleBounds = new WeakMap<PriceCard, Bounds>()

/** A card with one price for all sizes and times is worked out once. */
function boundOf(
  card: PriceCard,
  options: UpperBoundOptions & { readonly region: string | undefined },
): UpperBound | undefined {
  if (!isSimple(card)) return upperBound(card, options)
  let bounds = simpleBounds.get(card)
  if (!bounds) simpleBounds.set(card, (bounds = new Map()))
  const key = `${options.serviceTier ?? ''}\n${options.region ?? ''}`
  let one = bounds.get(key)
  if (!one) {
    const found = upperBound(card, { ...options, inputTokens: 1, maxOutputTokens: 0 })
    if (!found) return undefined
    bounds.set(key, (one = found))
  }
  const input = BigInt(options.inputTokens) * one.input
  return { ...one, input, total: input + BigInt(options.maxOutputTokens) * one.outputRate }
}

function isSimple({ periods }: PriceCard): boolean {
  const [only, ...others] = periods
  if (!only || others.length > 0) return false
  const { from, to, dailyUtc, sizeTiers, service } = only
  return from === undefined && to === undefined && !dailyUtc && !sizeTiers && !service
}

/** The most output that an amount pays for; at most what was planned. */
export function outputFor(plan: CallPlan, granted: bigint): number {
  const { bound, maxOutputTokens } = plan
  if (!bound || granted >= bound.total) return maxOutputTokens
  return Math.min(maxOutputTokens, affordableOutput(bound, granted))
}

/** The least amount with which a call still makes sense: its input and a short answer. */
export function leastUseful({ bound, maxOutputTokens }: CallPlan, usefulTokens: number): bigint {
  if (!bound) return 0n
  return bound.input + BigInt(Math.min(maxOutputTokens, usefulTokens)) * bound.outputRate
}

/** What a call without a price is taken to cost, where a budget says so: as the dearest model that could be it. */
export function ceilingOf(
  { prices, mostInputTokens, maxOutputTokens }: CallPlan,
  target: Target,
  at: number,
): Pico | undefined {
  const card = prices.ceiling(target.pricedAs, target.model, at)
  return card && upperBound(card, { inputTokens: mostInputTokens, maxOutputTokens, at })?.total
}

/** The request with a limit on its output, as low as the money is. */
export function withOutputLimit(request: ModelRequest, target: Target, maxOutputTokens: number): ModelRequest {
  const { settings = {} } = request
  const most = Math.max(1, maxOutputTokens - thinkingTokens(target, settings))
  if (settings.maxOutputTokens !== undefined && settings.maxOutputTokens <= most) return request
  return { ...request, settings: { ...settings, maxOutputTokens: most } }
}

/** Anthropic's adapter adds the budget for thinking to the limit of the output. */
function thinkingTokens({ kind }: Target, { providerOptions }: ModelSettings): number {
  const thinking = kind === 'anthropic' ? record(providerOptions?.['anthropic']?.['thinking']) : {}
  const tokens = thinking['budgetTokens']
  return thinking['type'] === 'enabled' && typeof tokens === 'number' && tokens > 0 ? tokens : 0
}

function record(value: Json | undefined): JsonObject {
  // A JSON value that is an object and no list is a record.
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
}

function requestedTier({ kind }: Target, { providerOptions = {} }: ModelSettings): string | undefined {
  const spaces = kind === 'openai-compatible' ? ['openaiCompatible'] : [kind]
  for (const space of spaces) {
    const tier = providerOptions[space]?.['serviceTier']
    if (typeof tier === 'string') return tier
  }
  return undefined
}
