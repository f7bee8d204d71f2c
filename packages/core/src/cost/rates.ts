import type { Ratio } from './money.ts'
import type { PriceCard, PricePeriod, Rates, SizeTier } from './price-card.ts'
import type { ServiceClass } from './service-class.ts'

/** Which tokens: read, written … */
export type Side = 'in' | 'read' | 'write' | 'out'

/** What one token of a kind costs. */
export interface Rate {
  readonly pico: number
  /** No rate was published for this kind, and another one stands in. */
  readonly isMissing: boolean
}

/** The prices of one period, size and class of service. */
export interface Chosen {
  readonly rates: Rates
  /** The card has no prices for this class of service: these are the standard ones. */
  readonly isServiceMissing: boolean
}

/** The period that holds at a moment; one with hours of the day wins. */
export function periodAt(card: PriceCard, at: number): PricePeriod | undefined {
  const holding = card.periods.filter((period) => isWithin(period, at, at))
  return holding.find(({ dailyUtc }) => dailyUtc && isInHours(dailyUtc, at)) ?? holding.find((one) => !one.dailyUtc)
}

/** Every period that holds at some moment of a span, whatever its hours. */
export function periodsWithin(card: PriceCard, from: number, to: number): readonly PricePeriod[] {
  return card.periods.filter((period) => isWithin(period, from, to))
}

/** The rates of a request of a size. Its class of service comes first, because sizes may differ between classes. */
export function chooseRates(period: PricePeriod, size: number, service: ServiceClass): Chosen {
  const price = service === 'standard' ? undefined : period.service?.[service]
  const isServiceMissing = service !== 'standard' && price === undefined
  if (price && 'rates' in price) return { rates: bySize(price.rates, price.sizeTiers, size), isServiceMissing }
  const rates = bySize(period.rates, period.sizeTiers, size)
  return { rates: price ? scaleRates(rates, price.factor) : rates, isServiceMissing }
}

/** Every set of rates that a request of at most `size` tokens can meet. */
export function ratesUpTo(period: PricePeriod, size: number, service: ServiceClass): readonly Rates[] {
  const price = service === 'standard' ? undefined : period.service?.[service]
  const tiers = (price && 'rates' in price ? price.sizeTiers : period.sizeTiers) ?? []
  const sizes = [0, ...tiers.map(({ at, op }) => (op === 'gt' ? at + 1 : at))]
  return sizes.filter((least) => least <= size).map((least) => chooseRates(period, least, service).rates)
}

/** The factor of a region on every token; none for regions that cost nothing extra. */
export function regionFactor({ region: factors }: PricePeriod, region: string): Ratio | undefined {
  return factors && Object.hasOwn(factors, region) ? factors[region] : undefined
}

/** The price of one piece of a unit. */
export function unitPrice({ units }: PricePeriod, unit: string): number | undefined {
  return units && Object.hasOwn(units, unit) ? units[unit] : undefined
}

/** The rate of one kind of token, as `text` or `h1`, with the documented stand-ins. Never zero for want of a price. */
export function rateOf(rates: Rates, side: Side, kind: string): Rate {
  switch (side) {
    case 'in':
      return inputRate(rates, kind)
    case 'read':
      return readRate(rates, kind)
    case 'write':
      return writeRate(rates, kind)
    case 'out':
      return outputRate(rates, kind)
  }
}

/** Images and videos are text to the price; unpriced audio is not. */
function inputRate({ in: rates }: Rates, kind: string): Rate {
  const own = named(rates, kind)
  return own === undefined ? { pico: rates.text, isMissing: kind === 'audio' } : known(own)
}

function readRate(rates: Rates, kind: string): Rate {
  const own = named(rates.read, kind) ?? rates.read?.text
  return own === undefined ? { pico: inputRate(rates, kind).pico, isMissing: true } : known(own)
}

function writeRate({ in: input, write }: Rates, kind: string): Rate {
  const own = named(write, kind) ?? write?.other
  return own === undefined ? { pico: write?.m5 ?? input.text, isMissing: true } : known(own)
}

/** Reasoning is text to the price; audio and images are not. */
function outputRate({ in: input, out }: Rates, kind: string): Rate {
  const own = named(out, kind)
  if (own !== undefined) return known(own)
  return { pico: out?.text ?? input.text, isMissing: kind !== 'reasoning' || out === undefined }
}

function known(pico: number): Rate {
  return { pico, isMissing: false }
}

function named(rates: object | undefined, kind: string): number | undefined {
  // Checked with the book: every value of these objects is a number.
  return (rates as Record<string, number | undefined> | undefined)?.[kind]
}

function bySize(rates: Rates, tiers: readonly SizeTier[] | undefined, size: number): Rates {
  return tiers?.findLast(({ at, op }) => (op === 'gt' ? size > at : size >= at))?.rates ?? rates
}

/** Exact: the book refuses factors that would leave a fraction. */
function scaleRates<T extends object>(rates: T, [numerator, denominator]: Ratio): T {
  const entries = Object.entries(rates).map(([name, value]: [string, number | object]) => [
    name,
    typeof value === 'number' ? (value * numerator) / denominator : scaleRates(value, [numerator, denominator]),
  ])
  // Same names, scaled values.
  return Object.fromEntries(entries) as T
}

function isWithin({ from, to }: PricePeriod, first: number, last: number): boolean {
  return (from === undefined || Date.parse(from) <= last) && (to === undefined || first < Date.parse(to))
}

const dayMs = 86_400_000

function isInHours([from, to]: readonly [string, string], at: number): boolean {
  const now = at % dayMs
  const start = timeOfDay(from)
  const end = timeOfDay(to)
  return start < end ? now >= start && now < end : now >= start || now < end
}

/** Milliseconds since midnight of `HH:MM`. */
export function timeOfDay(text: string): number {
  const [hours, minutes] = text.split(':')
  return (Number(hours) * 60 + Number(minutes)) * 60_000
}
