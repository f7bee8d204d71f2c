import type { PriceBook, PriceCard } from './price-card.ts'

type Cards = readonly PriceCard[]

const indexes = new WeakMap<Cards, ReadonlyMap<string, PriceCard>>()

/**
 * The card of a model: an override, else one of the book; the exact id before a declared alias. `undefined` means unpriced.
 * Nothing is matched by a part of its name: a new model of a family has its own prices.
 */
export function findCard(
  book: PriceBook,
  provider: string,
  model: string,
  overrides?: readonly PriceCard[],
): PriceCard | undefined {
  const key = keyOf(provider, model)
  return (overrides && indexOf(overrides).get(key)) ?? indexOf(book.cards).get(key)
}

function indexOf(cards: Cards): ReadonlyMap<string, PriceCard> {
  const known = indexes.get(cards)
  if (known) return known
  const index = new Map<string, PriceCard>()
  for (const card of cards) {
    for (const alias of card.aliases) index.set(keyOf(card.provider, alias), card)
  }
  // After the aliases, because an exact id wins.
  for (const card of cards) index.set(keyOf(card.provider, card.model), card)
  indexes.set(cards, index)
  return index
}

function keyOf(provider: string, model: string): string {
  return `${provider}\n${model}`
}
