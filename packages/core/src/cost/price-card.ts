import type { Ratio } from './money.ts'

/** Pico-dollars per token, whole numbers. $1 per million tokens is 1,000,000. A rate that is absent is not known. */
export interface Rates {
  readonly in: ModalityRates & { readonly text: number }
  readonly read?: ModalityRates
  /** `other` stands for every time to live that has no rate of its own. */
  readonly write?: {
    readonly m5?: number
    readonly m30?: number
    readonly h1?: number
    readonly h12?: number
    readonly other?: number
  }
  /** Absent for models that put out no tokens, as embeddings. */
  readonly out?: ModalityRates & { readonly text: number; readonly reasoning?: number }
}

/** Pico-dollars per token by modality. */
export interface ModalityRates {
  readonly text?: number
  readonly audio?: number
  readonly image?: number
  readonly video?: number
}

/** Rates for requests of a size. A request that reaches it is billed at it as a whole, not from there on. */
export interface SizeTier {
  /** All input tokens: fresh, read and written. */
  readonly at: number
  /** Whether a request of exactly `at` tokens is in the tier (`gte`) or not yet (`gt`). */
  readonly op: 'gt' | 'gte'
  readonly rates: Rates
}

/** Classes of service that cost something else than the standard one. */
export type ServiceTier = 'flex' | 'priority' | 'batch'

/** Either rates of its own, or a factor on the standard rates of every size. */
export type ServicePrice =
  | { readonly rates: Rates; readonly sizeTiers?: readonly SizeTier[] }
  | { readonly factor: Ratio }

/** Prices that hold from one date to another, or at hours of the day. */
export interface PricePeriod {
  /** ISO date or time in UTC; included. Absent: since ever. */
  readonly from?: string
  /** ISO date or time in UTC; not included. Absent: until further notice. */
  readonly to?: string
  /** Hours of the day in UTC, as `['16:30', '00:30']`; wins over a period without hours. */
  readonly dailyUtc?: readonly [from: string, to: string]
  readonly rates: Rates
  /** By rising size. */
  readonly sizeTiers?: readonly SizeTier[]
  readonly service?: Readonly<Partial<Record<ServiceTier, ServicePrice>>>
  /** Factors on every token by the region that served the call. */
  readonly region?: Readonly<Record<string, Ratio>>
  /** Pico-dollars for one piece, as `{ webSearch: 10_000_000_000 }`. */
  readonly units?: Readonly<Record<string, number>>
}

/** What a model can do, for routing: a fact that is absent is not known. */
export type ModelAbility = 'tools' | 'images' | 'audio' | 'video' | 'files' | 'reasoning' | 'json'

/** The prices of one model at one provider. Plain JSON. */
export interface PriceCard {
  readonly provider: string
  readonly model: string
  /** Other ids of exactly this model. Nothing is ever matched by its beginning. */
  readonly aliases: readonly string[]
  /** Changes whenever a price changes; recorded with every call. */
  readonly version: string
  /** ISO date of the newest source that confirms the prices. */
  readonly lastVerified: string
  readonly limits?: { readonly contextTokens?: number; readonly maxOutputTokens?: number }
  readonly can?: readonly ModelAbility[]
  readonly periods: readonly PricePeriod[]
}

/** All prices that a deployment knows. Plain JSON. */
export interface PriceBook {
  readonly version: string
  /** ISO date of the newest source. */
  readonly verifiedAt: string
  readonly sources: readonly string[]
  readonly cards: readonly PriceCard[]
}

/** How records name a card: `openai/gpt-6-sol@2026-11-10`. */
export function cardKey(card: PriceCard): string {
  return `${card.provider}/${card.model}@${card.version}`
}
