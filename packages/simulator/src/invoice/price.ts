import { badOption } from '../failure.ts'
import type { Buckets } from './buckets.ts'

/** Integer pico-dollars (1e-12 USD) per token; text or `bigint` where a number is not exact. $1 per million is 1,000,000. */
export type SimulatorRate = number | string | bigint

/** What a model costs. The first entry of the table that fits a request is taken. */
export interface SimulatorPrice {
  /** The model that answered; `*` for any. */
  readonly model: string
  /** A virtual provider. Default: any. */
  readonly provider?: string
  /** The tier that served. Default: any. */
  readonly serviceTier?: string
  /** Only for requests with more input than this, cached input included. All their tokens cost these rates. */
  readonly aboveInputTokens?: number
  /**
   * Rates by bucket. Left out: `cacheRead` and the writes cost what `input` costs, `reasoning` what `output` costs,
   * `input` and `output` nothing.
   */
  readonly rates: Readonly<Partial<Record<keyof Buckets, SimulatorRate>>>
}

/** A price with every rate as an integer. */
export interface Price extends Omit<SimulatorPrice, 'rates'> {
  readonly rates: Readonly<Record<keyof Buckets, bigint>>
}

/** Fills in rates; throws `simulator.bad_option`, naming the entry, for a rate that is no integer from 0 up. */
export function readPrices(prices: readonly SimulatorPrice[]): Price[] {
  return prices.map((price, index) => {
    for (const name in price.rates) {
      // A rate that nothing is charged at would be a silent mistake.
      if (!BUCKETS.some((bucket) => bucket === name))
        throw badOption(`prices[${index}].rates.${name}`, `one of ${BUCKETS.join(', ')}`)
    }
    const rate = (name: keyof Buckets, fallback: bigint): bigint => {
      const given = price.rates[name]
      return given === undefined ? fallback : readRate(given, `prices[${index}].rates.${name}`)
    }
    const [input, output] = [rate('input', 0n), rate('output', 0n)]
    const rates = {
      input,
      output,
      cacheRead: rate('cacheRead', input),
      cacheWrite: rate('cacheWrite', input),
      cacheWrite30m: rate('cacheWrite30m', input),
      cacheWrite1h: rate('cacheWrite1h', input),
      cacheWrite12h: rate('cacheWrite12h', input),
      reasoning: rate('reasoning', output),
    }
    return { ...price, rates }
  })
}

function readRate(rate: SimulatorRate, name: string): bigint {
  const isExact = typeof rate !== 'number' || Number.isSafeInteger(rate)
  if (isExact && /^\d{1,18}$/.test(String(rate))) return BigInt(rate)
  throw badOption(name, 'an integer from 0 up, in pico-dollars')
}

/** Who served a request, and how large it was. */
export interface Served {
  readonly provider: string
  readonly model: string
  readonly serviceTier: string
}

/** The amount in pico-dollars; `undefined` when the table has no price for it. */
export function amountOf(prices: readonly Price[], served: Served, buckets: Buckets): bigint | undefined {
  const input = inputOf(buckets)
  const price = prices.find(
    (entry) =>
      (entry.model === '*' || entry.model === served.model) &&
      (entry.provider === undefined || entry.provider === served.provider) &&
      (entry.serviceTier === undefined || entry.serviceTier === served.serviceTier) &&
      (entry.aboveInputTokens === undefined || input > entry.aboveInputTokens),
  )
  if (price === undefined) return undefined
  let amount = 0n
  for (const bucket of BUCKETS) {
    const tokens = buckets[bucket]
    if (tokens > 0) amount += BigInt(tokens) * price.rates[bucket]
  }
  return amount
}

const BUCKETS: readonly (keyof Buckets)[] = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite30m',
  'cacheWrite1h',
  'cacheWrite12h',
  'output',
  'reasoning',
]

function inputOf(buckets: Buckets): number {
  const { input, cacheRead, cacheWrite, cacheWrite30m, cacheWrite1h, cacheWrite12h } = buckets
  return input + cacheRead + cacheWrite + cacheWrite30m + cacheWrite1h + cacheWrite12h
}
