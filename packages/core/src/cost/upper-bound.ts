import { scaleUp, type Pico, type Ratio } from './money.ts'
import { cardKey, type ModalityRates, type PriceCard, type PricePeriod, type Rates } from './price-card.ts'
import { periodsWithin, rateOf, ratesUpTo, regionFactor, unitPrice, type Side } from './rates.ts'
import { possibleClasses } from './service-class.ts'
import type { CacheWrites } from './usage-buckets.ts'

/** What a call may use at most. */
export interface UpperBoundOptions {
  /** Input tokens by the count before the call. The size tier is chosen with a tenth on top. */
  readonly inputTokens: number
  readonly maxOutputTokens: number
  /** Pieces at most, as `{ webSearch: 5 }`. */
  readonly units?: Readonly<Record<string, number>>
  /** Whether the provider may write its cache, and for how long. Default: yes, as long as it likes. */
  readonly mayWriteCache?: boolean | readonly (keyof CacheWrites)[]
  /** What the input may hold. Default: text, images and videos. */
  readonly inputKinds?: readonly (keyof ModalityRates)[]
  /** What the output may hold. Default: text, and always reasoning. */
  readonly outputKinds?: readonly (keyof ModalityRates)[]
  /** Milliseconds since 1970 when the call starts. */
  readonly at: number
  /** How long the call may take: prices that begin meanwhile count as well. Default one hour. */
  readonly forMs?: number
  /** The region that was asked for. Default: the dearest. */
  readonly region?: string | undefined
  /** The class of service that was asked for. */
  readonly serviceTier?: string | undefined
}

/** The most that a call can cost. */
export interface UpperBound {
  /** All input at its dearest, and the units. */
  readonly input: Pico
  /** One output token at its dearest. */
  readonly outputRate: Pico
  readonly total: Pico
  /** As {@link cardKey}. */
  readonly card: string
}

const hourMs = 3_600_000

/**
 * What to reserve for a call: never less than {@link priceCall} says afterwards for any usage inside the given counts,
 * whatever was cached, written or reasoned. What other models do inside the call is not covered. `undefined`: the card has
 * no price at that time.
 */
export function upperBound(card: PriceCard, options: UpperBoundOptions): UpperBound | undefined {
  const { inputTokens, maxOutputTokens, units = {}, at, forMs = hourMs } = options
  const periods = periodsWithin(card, at, at + forMs)
  if (periods.length === 0) return undefined
  const input = dearest(periods, options, inputBuckets(options))
  const outputRate = dearest(periods, options, outputBuckets(options))
  const total = BigInt(inputTokens) * input + dearestUnits(periods, units)
  return { input: total, outputRate, total: total + BigInt(maxOutputTokens) * outputRate, card: cardKey(card) }
}

/** How many output tokens an amount pays for after the input; 0 when not even that is affordable. */
export function affordableOutput(bound: UpperBound, left: Pico): number {
  if (left <= bound.input) return 0
  if (bound.outputRate === 0n) return Number.MAX_SAFE_INTEGER
  const tokens = (left - bound.input) / bound.outputRate
  return tokens > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(tokens)
}

type Kinds = readonly (readonly [side: Side, kind: string])[]

const everyTime = ['m5', 'm30', 'h1', 'h12', 'other'] as const
const usualInput = kindsOfInput(['text', 'image', 'video'], everyTime)

function inputBuckets({ mayWriteCache = true, inputKinds }: UpperBoundOptions): Kinds {
  if (mayWriteCache === true && !inputKinds) return usualInput
  return kindsOfInput(
    inputKinds ?? ['text', 'image', 'video'],
    mayWriteCache === true ? everyTime : mayWriteCache || [],
  )
}

function kindsOfInput(kinds: readonly (keyof ModalityRates)[], times: readonly (keyof CacheWrites)[]): Kinds {
  return [
    ...kinds.map((kind) => ['in', kind] as const),
    ...kinds.map((kind) => ['read', kind] as const),
    ...times.map((time) => ['write', time] as const),
  ]
}

function outputBuckets({ outputKinds = ['text'] }: UpperBoundOptions): Kinds {
  return ['reasoning', ...outputKinds].map((kind) => ['out', kind] as const)
}

/** Rounded up with the factor of the region, so that any number of tokens stays below the bound. */
function dearest(
  periods: readonly PricePeriod[],
  { inputTokens, serviceTier, region }: UpperBoundOptions,
  kinds: Kinds,
): Pico {
  const size = Math.ceil(inputTokens * 1.1)
  const classes = possibleClasses(serviceTier)
  return most(
    periods.map((period) => {
      let top = 0
      for (const service of classes) {
        for (const rates of ratesUpTo(period, size, service)) top = Math.max(top, dearestRate(rates, kinds))
      }
      return scaleUp(BigInt(top), factorOf(period, region))
    }),
  )
}

/** A loop, because every call goes through here several times. */
function dearestRate(rates: Rates, kinds: Kinds): number {
  let top = 0
  for (const [side, kind] of kinds) top = Math.max(top, rateOf(rates, side, kind).pico)
  return top
}

function factorOf(period: PricePeriod, region: string | undefined): Ratio {
  if (region !== undefined) return regionFactor(period, region) ?? [1, 1]
  return Object.values(period.region ?? {}).reduce<Ratio>(
    (top, one) => (one[0] * top[1] > top[0] * one[1] ? one : top),
    [1, 1],
  )
}

function dearestUnits(periods: readonly PricePeriod[], counts: Readonly<Record<string, number>>): Pico {
  return Object.entries(counts).reduce(
    (total, [unit, count]) =>
      total + BigInt(count) * most(periods.map((period) => BigInt(unitPrice(period, unit) ?? 0))),
    0n,
  )
}

function most(amounts: readonly Pico[]): Pico {
  return amounts.reduce((top, amount) => (amount > top ? amount : top), 0n)
}
