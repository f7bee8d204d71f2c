import type { ErrorCode } from '../base/catalogue.ts'

/** One thing that is wrong with a price book. */
export interface PriceProblem {
  readonly code: Extract<ErrorCode, `price.${string}`>
  /** `openai/gpt-6-sol: periods.0.rates.in.text` */
  readonly where: string
  readonly message: string
}

/** Collects problems at places of a value that came from outside. */
export class Checker {
  readonly problems: PriceProblem[] = []

  add(code: PriceProblem['code'], where: string, message: string): void {
    this.problems.push({ code, where, message })
  }

  /** The value as an object to be read field by field; a problem if it is none. */
  object(value: unknown, where: string, allowed: readonly string[]): Readonly<Record<string, unknown>> {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.add('price.invalid', where, 'must be an object')
      return {}
    }
    for (const name of Object.keys(value)) {
      if (!allowed.includes(name) && !allowed.includes('*'))
        this.add('price.invalid', `${where}.${name}`, 'is not known')
    }
    // Any object may be read by name.
    return value as Readonly<Record<string, unknown>>
  }

  list(value: unknown, where: string): readonly unknown[] {
    if (Array.isArray(value)) return value
    this.add('price.invalid', where, 'must be a list')
    return []
  }

  text(value: unknown, where: string): void {
    if (typeof value !== 'string' || value === '') this.add('price.invalid', where, 'must be a text')
  }

  /** An amount of pico-dollars. */
  price(value: unknown, where: string): void {
    if (value === undefined || value === null) this.add('price.missing', where, 'is missing')
    else if (typeof value !== 'number' || Number.isNaN(value)) this.add('price.invalid', where, 'must be a number')
    else if (value < 0) this.add('price.negative', where, 'is negative')
    else if (!Number.isSafeInteger(value)) this.add('price.not_whole', where, 'is no whole number of pico-dollars')
  }
}

const modalities = ['text', 'audio', 'image', 'video']
const timesToLive = ['m5', 'm30', 'h1', 'h12', 'other']

/** Input text has a price always, output text when there is output. */
export function checkRates(checker: Checker, value: unknown, where: string): void {
  if (value === undefined) {
    checker.add('price.missing', where, 'is missing')
    return
  }
  const rates = checker.object(value, where, ['in', 'read', 'write', 'out'])
  checkGroup(checker, rates['in'] ?? {}, `${where}.in`, modalities, true)
  if (rates['read'] !== undefined) checkGroup(checker, rates['read'], `${where}.read`, modalities, false)
  if (rates['write'] !== undefined) checkGroup(checker, rates['write'], `${where}.write`, timesToLive, false)
  if (rates['out'] !== undefined) checkGroup(checker, rates['out'], `${where}.out`, [...modalities, 'reasoning'], true)
}

function checkGroup(
  checker: Checker,
  value: unknown,
  where: string,
  allowed: readonly string[],
  needsText: boolean,
): void {
  const group = checker.object(value, where, allowed)
  for (const [name, price] of Object.entries(group)) checker.price(price, `${where}.${name}`)
  if (needsText && !('text' in group)) checker.add('price.missing', `${where}.text`, 'is missing')
}

/** Tiers rise, and each has rates of its own. */
export function checkTiers(checker: Checker, value: unknown, where: string): void {
  if (value === undefined) return
  let before = 0
  for (const [index, entry] of checker.list(value, where).entries()) {
    const place = `${where}.${index}`
    const { at, op, rates } = checker.object(entry, place, ['at', 'op', 'rates'])
    if (typeof at !== 'number' || !Number.isSafeInteger(at) || at <= before) {
      checker.add('price.tiers', `${place}.at`, 'must be a whole number of tokens, more than the tier before')
    } else before = at
    if (op !== 'gt' && op !== 'gte') checker.add('price.tiers', `${place}.op`, 'must be gt or gte')
    checkRates(checker, rates, `${place}.rates`)
  }
}

/** A factor of two whole numbers above zero. */
export function checkRatio(checker: Checker, value: unknown, where: string): value is readonly [number, number] {
  const parts: readonly unknown[] = Array.isArray(value) ? value : []
  const isRatio = parts.length === 2 && parts.every((part) => Number.isSafeInteger(part) && Number(part) > 0)
  if (!isRatio) checker.add('price.invalid', where, 'must be two whole numbers above zero')
  return isRatio
}
