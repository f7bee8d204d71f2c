import { MeepoError } from '../base/errors.ts'
import { checkCardShape, checkDate } from './check-card.ts'
import { Checker, type PriceProblem } from './check-rates.ts'
import type { PriceBook, PriceCard } from './price-card.ts'

/** Everything that is wrong with a price book; an empty list when it can be used. */
export function findPriceProblems(value: unknown): readonly PriceProblem[] {
  const checker = new Checker()
  const book = checker.object(value, 'book', ['$schema', 'version', 'verifiedAt', 'sources', 'cards'])
  checker.text(book['version'], 'version')
  checkDate(checker, book['verifiedAt'], 'verifiedAt')
  for (const [index, source] of checker.list(book['sources'], 'sources').entries()) {
    checker.text(source, `sources.${index}`)
  }
  checkCards(checker, checker.list(book['cards'], 'cards'))
  return checker.problems
}

/** Takes a price book that came from outside, or throws the code of its first problem with all of them in the details. */
export function checkPriceBook(value: unknown): PriceBook {
  throwFirst('the price book is wrong', findPriceProblems(value))
  // Checked field by field.
  return value as PriceBook
}

/** Takes cards that came from outside, such as the overrides of a deployment, or throws as {@link checkPriceBook}. */
export function checkPriceCards(value: unknown, what: string = 'a price is wrong'): readonly PriceCard[] {
  const checker = new Checker()
  checkCards(checker, checker.list(value, 'cards'))
  throwFirst(what, checker.problems)
  // Checked field by field.
  return value as readonly PriceCard[]
}

function checkCards(checker: Checker, cards: readonly unknown[]): void {
  const seen = new Map<string, string>()
  for (const [index, card] of cards.entries()) {
    // A card that is no object is refused by checkCardShape and has no names to compare.
    const { provider, model, aliases } = Object(card) as Record<string, unknown>
    const where = typeof provider === 'string' && typeof model === 'string' ? `${provider}/${model}` : `cards.${index}`
    checkCardShape(checker, card, where)
    for (const name of [model, ...(Array.isArray(aliases) ? aliases : [])].map(String)) {
      const key = `${String(provider)}/${name}`
      const owner = seen.get(key)
      if (owner !== undefined) checker.add('price.duplicate', where, `the name ${name} belongs to ${owner} already`)
      else seen.set(key, where)
    }
  }
}

function throwFirst(what: string, problems: readonly PriceProblem[]): void {
  const [first] = problems
  if (!first) return
  const told = problems.map(({ where, message }) => `${where} ${message}`)
  const more = told.length > 3 ? `; and ${told.length - 3} more` : ''
  throw new MeepoError(first.code, `${what}: ${told.slice(0, 3).join('; ')}${more}`, {
    details: { problems: told.slice(0, 100) },
  })
}
