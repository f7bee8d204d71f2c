import {
  emptyBuckets,
  priceCall,
  type CallEntry,
  type PriceCard,
  type PricePeriod,
  type UsageBuckets,
} from '@meepo/core'

import type { PriceList } from '../prices/price-list.ts'
import type { BookedCall } from './advice.ts'

/** What would be different. */
export interface Otherwise {
  readonly buckets?: UsageBuckets
  /** `provider:model`. */
  readonly target?: string
  readonly requestedTier?: string
  /** Milliseconds since 1970. */
  readonly at?: number
}

/** Says what a booked call costs, and what it would have cost otherwise. */
export class Repricer {
  readonly #prices: PriceList
  readonly #pricedAs: (provider: string) => string

  /** `pricedAs`: under which provider the price book knows those of a provider of the gateway. */
  constructor(prices: PriceList, pricedAs: (provider: string) => string = (provider) => provider) {
    this.#prices = prices
    this.#pricedAs = pricedAs
  }

  card(target: string, served?: string): PriceCard | undefined {
    const colon = target.indexOf(':')
    return this.#prices.findServed(this.#pricedAs(target.slice(0, colon)), target.slice(colon + 1), served)
  }

  /** The period of the card's prices at a moment. */
  period(card: PriceCard, at: number): PricePeriod | undefined {
    return card.periods.find(
      ({ from, to, dailyUtc }) =>
        dailyUtc === undefined &&
        (from === undefined || Date.parse(from) <= at) &&
        (to === undefined || at < Date.parse(to)),
    )
  }

  /** Undefined: there is no full price for it. */
  price({ entry, facts }: BookedCall, otherwise: Otherwise = {}): bigint | undefined {
    const {
      target = entry.target,
      buckets = bucketsOf(entry, facts.buckets),
      at = entry.startedAt + entry.durationMs,
    } = otherwise
    const card = this.card(target, otherwise.target === undefined ? entry.model : undefined)
    const { region, requestedTier, servedTier } = facts
    const tier = otherwise.requestedTier
      ? { requestedTier: otherwise.requestedTier }
      : { requestedTier, serviceTier: servedTier }
    const priced = priceCall(card, buckets, { at, region, ...tier })
    return priced.status === 'priced' ? priced.total : undefined
  }
}

/** The counts that the line was priced with; without them, its summary. */
export function bucketsOf(entry: CallEntry, known?: unknown): UsageBuckets {
  // Written by the books from UsageBuckets, without the provider's own words.
  if (typeof known === 'object' && known !== null) return { ...emptyBuckets, ...(known as UsageBuckets) }
  const { input, cacheRead, cacheWrite, output, reasoning } = entry.usage
  return {
    ...emptyBuckets,
    in: { text: input },
    read: cacheRead > 0 ? { text: cacheRead } : {},
    write: cacheWrite > 0 ? { m5: cacheWrite } : {},
    out: { text: output, ...(reasoning > 0 ? { reasoning } : {}) },
  }
}

/** All input tokens of a call. */
export function inputOf({ entry: { usage } }: Pick<BookedCall, 'entry'>): number {
  return usage.input + usage.cacheRead + usage.cacheWrite
}
