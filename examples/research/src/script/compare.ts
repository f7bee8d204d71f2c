import { stemsOf } from '../words.ts'

/** A source as the checker sees it. */
export interface Statement {
  readonly number: number
  readonly document: string
  readonly quote: string
}

/** Two sources and what they have to do with each other. */
export interface Relation {
  readonly sources: readonly number[]
  readonly what: string
}

interface Amount {
  readonly value: number
  readonly said: string
}

/** Amounts by what is counted: `412,000 euros` is 412000 of `euro`. Years are no amounts. */
function amountsOf(quote: string): ReadonlyMap<string, Amount> {
  const amounts = new Map<string, Amount>()
  for (const [, digits = '', unit = ''] of quote.matchAll(/(\d[\d,.]*\d|\d)\s+(\p{L}+)/gu)) {
    const [of] = stemsOf(unit)
    if (of === undefined || isYear(digits) || amounts.has(of)) continue
    amounts.set(of, { value: Number(digits.replaceAll(',', '')), said: `${digits} ${unit}` })
  }
  return amounts
}

function isYear(digits: string): boolean {
  return /^(?:19|20)\d\d$/.test(digits)
}

function yearsOf(quote: string): string {
  return [...new Set(quote.match(/\b(?:19|20)\d\d\b/g) ?? [])].toSorted().join()
}

/** Compares sources of different documents that count the same thing in sentences that share most of their words. */
export function compare(statements: readonly Statement[]): { agreements: Relation[]; conflicts: Relation[] } {
  const agreements: Relation[] = []
  const conflicts: Relation[] = []
  for (const [at, one] of statements.entries()) {
    for (const other of statements.slice(at + 1)) {
      if (one.document === other.document || !isAboutTheSame(one.quote, other.quote)) continue
      const theirs = amountsOf(other.quote)
      for (const [unit, amount] of amountsOf(one.quote)) {
        const against = theirs.get(unit)
        if (against === undefined) continue
        const sources = [one.number, other.number]
        if (against.value === amount.value) agreements.push({ sources, what: `${amount.said} in both` })
        else conflicts.push({ sources, what: `${amount.said} against ${against.said}` })
      }
    }
  }
  return { agreements, conflicts }
}

/** Most words of the shorter one stand in the other, and both are about the same years. */
function isAboutTheSame(one: string, other: string): boolean {
  const [years, otherYears] = [yearsOf(one), yearsOf(other)]
  if (years !== otherYears && years !== '' && otherYears !== '') return false
  const words = [one, other].map((text) => new Set(stemsOf(text).filter((word) => !/^\d/.test(word))))
  const [few = new Set<string>(), many = new Set<string>()] = words.toSorted((a, b) => a.size - b.size)
  const shared = [...few].filter((word) => many.has(word)).length
  return shared >= 2 && shared >= few.size * 0.6
}
