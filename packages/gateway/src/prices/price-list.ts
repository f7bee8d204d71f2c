import { cardKey, checkPriceCards, findCard, MeepoError, upperBound, type PriceBook, type PriceCard } from '@meepo/core'
import { shippedPrices } from './shipped.ts'
import { simplePrice, type SimplePrice } from './simple-price.ts'

/** What happens to a call whose model has no price. */
export type UnpricedPolicy =
  /** It is refused with `price.unpriced`. */
  | 'deny'
  /** It is reserved and booked at the dearest prices of its provider, or of the book. */
  | 'assume_ceiling'
  /** It is made, booked as unpriced, and shown as such in every report. */
  | 'allow_flagged'

/** Prices of a deployment. */
export interface PriceListOptions {
  /** Default: the book that ships with this package. */
  readonly book?: PriceBook
  /** Win over the book: cards in full, or prices in dollars for a million tokens. */
  readonly overrides?: readonly (PriceCard | SimplePrice)[]
}

/** Opens the prices of a deployment. The book that ships is read when it is first needed. */
export async function openPrices({ book, overrides }: PriceListOptions = {}): Promise<PriceList> {
  return new PriceList(book ?? (await shippedPrices()), overrides)
}

/** The overrides of a deployment as cards. Throws `price.*` or `money.invalid` when one is wrong. */
export function readOverrides(overrides: PriceListOptions['overrides'] = []): readonly PriceCard[] {
  const cards = overrides.map((one) => ('periods' in one ? one : simplePrice(one)))
  return checkPriceCards(cards, 'a price override is wrong')
}

/** What a call is priced with. */
export type PriceDecision =
  | { readonly kind: 'priced'; readonly card: PriceCard }
  /** `card` is another model's, as a ceiling. */
  | { readonly kind: 'ceiling'; readonly card: PriceCard }
  | { readonly kind: 'unpriced' }

/** The prices that a deployment goes by: its own before those of the book. */
export class PriceList {
  readonly book: PriceBook
  readonly #overrides: readonly PriceCard[]
  /** The dearest card by provider and day: looking for it means pricing them all. */
  readonly #dearest = new Map<string, PriceCard | undefined>()

  /** Throws as {@link readOverrides}. */
  constructor(book: PriceBook, overrides?: PriceListOptions['overrides']) {
    this.book = book
    this.#overrides = readOverrides(overrides)
  }

  /** All cards that count: overrides first, and those of the book that they do not replace. */
  get cards(): readonly PriceCard[] {
    const own = new Set(this.#overrides.map(cardKeyOf))
    return [...this.#overrides, ...this.book.cards.filter((card) => !own.has(cardKeyOf(card)))]
  }

  /** The card of a model by its exact id or a declared alias. */
  find(provider: string, model: string): PriceCard | undefined {
    return findCard(this.book, provider, model, this.#overrides)
  }

  /**
   * The card of an answer: of the model that served it, else, when that is a dated snapshot of the one that was asked for, of
   * the latter. Another model without a card is unpriced.
   */
  findServed(provider: string, requested: string, served: string | undefined): PriceCard | undefined {
    if (served === undefined || served === requested) return this.find(provider, requested)
    const own = this.find(provider, served)
    if (own) return own
    return isSnapshot(served, requested) ? this.find(provider, requested) : undefined
  }

  /** Applies the policy to a call before it is made. Throws `price.unpriced`. */
  decide(provider: string, model: string, policy: UnpricedPolicy, at: number): PriceDecision {
    const card = this.find(provider, model)
    if (card && hasPrice(card, at)) return { kind: 'priced', card }
    switch (policy) {
      case 'deny':
        throw new MeepoError('price.unpriced', `${provider}:${model} has no price`, {
          notSent: true,
          details: { provider, model, book: this.book.version },
        })
      case 'assume_ceiling': {
        const ceiling = this.ceiling(provider, model, at)
        return ceiling ? { kind: 'ceiling', card: ceiling } : { kind: 'unpriced' }
      }
      case 'allow_flagged':
        return { kind: 'unpriced' }
    }
  }

  /** The dearest card of a provider, or of the whole book when it holds none of the provider; named so that nobody takes it for real. */
  ceiling(provider: string, model: string, at: number): PriceCard | undefined {
    const key = `${provider}\n${Math.floor(at / dayMs)}`
    if (!this.#dearest.has(key)) this.#dearest.set(key, this.#findDearest(provider, at))
    const top = this.#dearest.get(key)
    if (!top) return undefined
    return { ...top, provider, model, aliases: [], version: `ceiling:${cardKey(top)}` }
  }

  #findDearest(provider: string, at: number): PriceCard | undefined {
    const all = [...this.#overrides, ...this.book.cards]
    const own = all.filter((card) => card.provider === provider)
    const costs = (own.length > 0 ? own : all).map((card) => ({ card, cost: typicalCost(card, at) }))
    return costs.toSorted((a, b) => (a.cost < b.cost ? 1 : -1))[0]?.card
  }
}

const cardKeyOf = ({ provider, model }: PriceCard): string => `${provider}\n${model}`

const dayMs = 86_400_000

/** `gpt-6-sol-2026-09-01` is a snapshot of `gpt-6-sol`, and `claude-opus-5-20260801` of `claude-opus-5`. */
function isSnapshot(served: string, requested: string): boolean {
  return served.startsWith(requested) && /^-(?:\d{4}-\d{2}-\d{2}|\d{8})$/.test(served.slice(requested.length))
}

function hasPrice(card: PriceCard, at: number): boolean {
  return upperBound(card, { inputTokens: 0, maxOutputTokens: 0, at, forMs: 0 }) !== undefined
}

function typicalCost(card: PriceCard, at: number): bigint {
  return upperBound(card, { inputTokens: 1_000, maxOutputTokens: 1_000, at, mayWriteCache: false })?.total ?? 0n
}
