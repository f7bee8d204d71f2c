import { scale, type Pico } from './money.ts'
import { normalise } from './normalise.ts'
import { cardKey, type PriceCard, type PricePeriod } from './price-card.ts'
import { chooseRates, periodAt, rateOf, regionFactor, unitPrice, type Chosen } from './rates.ts'
import { serviceClass, type ServiceClass } from './service-class.ts'
import { inputTokens, type InnerUsage, type UsageBuckets, type UsageFlag } from './usage-buckets.ts'

/** What is remarkable about a price. */
export type PriceFlag =
  | UsageFlag
  /** A rate was not known and another stands in, or a unit has no price at all. */
  | 'rate_missing'
  /** The provider did not say which class of service it served: the requested one was priced. */
  | 'service_estimated'
  /** The class of service is unknown, or the card has no prices for it: standard prices were used. */
  | 'service_unpriced'
  /** Our price and the provider's differ by more than 2 %. */
  | 'price_drift'
  /** The provider reported a cost below zero, which was ignored. */
  | 'reported_invalid'

/** How a call was served. */
export interface PriceCallOptions {
  /** Milliseconds since 1970 when the answer came: it chooses the period. */
  readonly at: number
  /** The class of service by the provider's word. */
  readonly serviceTier?: string | undefined
  /** The class of service that was asked for. */
  readonly requestedTier?: string | undefined
  /** The region by the provider's word. */
  readonly region?: string | undefined
  /** The cost by the provider's word, from a provider that is the biller. It wins; ours is kept beside it. */
  readonly reportedPicoDollars?: Pico | undefined
  /** The cards of models that the provider called by itself. */
  readonly innerCard?: ((model: string) => PriceCard | undefined) | undefined
}

/** One line of a price: what, how many, at which rate. The costs of all lines add up to `ours`. */
export interface PriceLine {
  /** A kind of token (`in.text`), a unit (`units.webSearch`), `region`; inner calls put their model in front. */
  readonly bucket: string
  readonly quantity: number
  readonly rate: Pico
  readonly cost: Pico
}

/** What a call costs. */
export interface Priced {
  /**
   * `unpriced`: no card or no period covers the call, and `total` is meaningless: apply the policy, never take it for free.
   * `rate_missing`: a part of it had no rate of its own.
   */
  readonly status: 'priced' | 'rate_missing' | 'unpriced'
  /** What the call is booked with. */
  readonly total: Pico
  /** What the card says, also when the provider's word won. */
  readonly ours: Pico
  /** Who had the last word; `estimated` when tokens or the class of service were not the provider's word. */
  readonly source: 'card' | 'estimated' | 'provider_reported'
  readonly lines: readonly PriceLine[]
  readonly flags: readonly PriceFlag[]
  /** As {@link cardKey}. */
  readonly card?: string
  /** Since when the prices of the card hold. */
  readonly effectiveFrom?: string
  readonly service: ServiceClass
}

/**
 * Prices one call. The size of the whole request chooses the tier, the class of service that was served comes before the
 * requested one, region factors come last and are rounded once. Without a card the status is `unpriced`, unless the
 * provider told the cost.
 *
 * @example
 * const priced = priceCall(findCard(book, 'openai', 'gpt-6-sol'), usage, { at: scheduler.now() })
 * if (priced.status !== 'unpriced') formatDollars(priced.total)
 */
export function priceCall(card: PriceCard | undefined, usage: UsageBuckets, options: PriceCallOptions): Priced {
  const clean = normalise(usage)
  const flags = new Set<PriceFlag>(clean.flags)
  const service = serviceOf(options, flags)
  const period = card && periodAt(card, options.at)
  const lines = period ? linesOf(period, clean, service, options, flags) : []
  const ours = lines.reduce((total, { cost }) => total + cost, 0n)
  const reported = checkReported(options.reportedPicoDollars, period && ours, flags)
  const isEstimated = clean.source !== 'final' || flags.has('service_estimated')
  return {
    status: statusOf(period !== undefined, reported, flags),
    total: reported ?? ours,
    ours,
    source: reported === undefined ? (isEstimated ? 'estimated' : 'card') : 'provider_reported',
    lines,
    flags: [...flags],
    ...(card && period ? { card: cardKey(card) } : {}),
    ...(period?.from === undefined ? {} : { effectiveFrom: period.from }),
    service,
  }
}

function statusOf(hasCard: boolean, reported: Pico | undefined, flags: ReadonlySet<PriceFlag>): Priced['status'] {
  if (reported !== undefined) return 'priced'
  if (!hasCard) return 'unpriced'
  return flags.has('rate_missing') || flags.has('service_unpriced') ? 'rate_missing' : 'priced'
}

function linesOf(
  period: PricePeriod,
  usage: UsageBuckets,
  service: ServiceClass,
  { at, region, innerCard }: PriceCallOptions,
  flags: Set<PriceFlag>,
): readonly PriceLine[] {
  const chosen = chooseRates(period, inputTokens(usage), service)
  const lines = tokenLines('', usage, chosen, flags)
  for (const inner of usage.inner ?? []) {
    // An inner model without a card is billed like the outer one: dearer than nothing, and flagged.
    const own = periodOf(innerCard?.(inner.model), at)
    if (!own) flags.add('rate_missing')
    const rates = chooseRates(own ?? period, inputTokens(inner), service)
    lines.push(...tokenLines(`${inner.model}/`, inner, rates, flags))
  }
  const factor = region === undefined ? undefined : regionFactor(period, region)
  if (factor) {
    const tokens = lines.reduce((total, { cost }) => total + cost, 0n)
    const more = scale(tokens, factor) - tokens
    lines.push({ bucket: 'region', quantity: 1, rate: more, cost: more })
  }
  return [...lines, ...unitLines(period, usage, flags)]
}

function periodOf(card: PriceCard | undefined, at: number): PricePeriod | undefined {
  return card && periodAt(card, at)
}

function tokenLines(
  prefix: string,
  usage: Omit<InnerUsage, 'model'>,
  chosen: Chosen,
  flags: Set<PriceFlag>,
): PriceLine[] {
  if (chosen.isServiceMissing) flags.add('service_unpriced')
  const lines: PriceLine[] = []
  for (const side of ['in', 'read', 'write', 'out'] as const) {
    // Normalised: every count is there and is a number.
    const counts = usage[side] as Readonly<Record<string, number>>
    for (const kind in counts) {
      const { pico, isMissing } = rateOf(chosen.rates, side, kind)
      if (isMissing) flags.add('rate_missing')
      lines.push(line(`${prefix}${side}.${kind}`, counts[kind]!, pico))
    }
  }
  return lines
}

function unitLines(period: PricePeriod, usage: UsageBuckets, flags: Set<PriceFlag>): readonly PriceLine[] {
  return Object.entries(usage.units).map(([unit, quantity]) => {
    const price = unitPrice(period, unit)
    if (price === undefined) flags.add('rate_missing')
    return line(`units.${unit}`, quantity, price ?? 0)
  })
}

function line(bucket: string, quantity: number, pico: number): PriceLine {
  const rate = BigInt(pico)
  return { bucket, quantity, rate, cost: BigInt(quantity) * rate }
}

function checkReported(reported: Pico | undefined, ours: Pico | undefined, flags: Set<PriceFlag>): Pico | undefined {
  if (reported === undefined) return undefined
  if (reported < 0n) {
    flags.add('reported_invalid')
    return undefined
  }
  if (ours !== undefined) {
    const difference = reported > ours ? reported - ours : ours - reported
    if (difference * 50n > ours) flags.add('price_drift')
  }
  return reported
}

function serviceOf({ serviceTier, requestedTier }: PriceCallOptions, flags: Set<PriceFlag>): ServiceClass {
  const requested = requestedTier === undefined ? 'standard' : serviceClass(requestedTier)
  // Batches answer with the class of their single requests, which says nothing about their price.
  if (requested === 'batch') return 'batch'
  if (serviceTier === undefined && requested !== 'standard') flags.add('service_estimated')
  const served = serviceTier === undefined ? requested : serviceClass(serviceTier)
  if (served === undefined) flags.add('service_unpriced')
  return served ?? 'standard'
}
