import { checkRates, checkRatio, checkTiers, type Checker } from './check-rates.ts'
import { timeOfDay } from './rates.ts'

const abilities = ['tools', 'images', 'audio', 'video', 'files', 'reasoning', 'json']

/** Checks one card that came from outside; problems are named after its place in the book. */
export function checkCardShape(checker: Checker, value: unknown, where: string): void {
  const known = ['provider', 'model', 'aliases', 'version', 'lastVerified', 'limits', 'can', 'periods']
  const card = checker.object(value, where, known)
  for (const field of ['provider', 'model', 'version']) checker.text(card[field], `${where}: ${field}`)
  checkDate(checker, card['lastVerified'], `${where}: lastVerified`)
  for (const [index, alias] of checker.list(card['aliases'], `${where}: aliases`).entries()) {
    checker.text(alias, `${where}: aliases.${index}`)
  }
  checkFacts(checker, card, where)
  const periods = checker.list(card['periods'], `${where}: periods`)
  if (periods.length === 0) checker.add('price.missing', `${where}: periods`, 'has no period')
  const spans = periods.map((period, index) => checkPeriod(checker, period, `${where}: periods.${index}`))
  checkOverlaps(checker, spans)
}

/** A day or a moment as ISO text. */
export function checkDate(checker: Checker, value: unknown, where: string): void {
  if (
    typeof value !== 'string' ||
    !/^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?$/.test(value) ||
    Number.isNaN(Date.parse(value))
  ) {
    checker.add('price.invalid', where, 'must be an ISO date in UTC')
  }
}

function checkFacts(checker: Checker, card: Readonly<Record<string, unknown>>, where: string): void {
  const limits = checker.object(card['limits'] ?? {}, `${where}: limits`, ['contextTokens', 'maxOutputTokens'])
  for (const [name, limit] of Object.entries(limits)) {
    if (Number.isSafeInteger(limit) && Number(limit) > 0) continue
    checker.add('price.invalid', `${where}: limits.${name}`, 'must be a whole number of tokens')
  }
  for (const [index, ability] of checker.list(card['can'] ?? [], `${where}: can`).entries()) {
    if (!abilities.includes(String(ability))) checker.add('price.invalid', `${where}: can.${index}`, 'is not known')
  }
}

interface Span {
  readonly where: string
  readonly from: number
  readonly to: number
  readonly hours: readonly [number, number] | undefined
}

function checkPeriod(checker: Checker, value: unknown, where: string): Span {
  const known = ['from', 'to', 'dailyUtc', 'rates', 'sizeTiers', 'service', 'region', 'units']
  const period = checker.object(value, where, known)
  const { from, to, dailyUtc } = period
  if (from !== undefined) checkDate(checker, from, `${where}.from`)
  if (to !== undefined) checkDate(checker, to, `${where}.to`)
  checkRates(checker, period['rates'], `${where}.rates`)
  checkTiers(checker, period['sizeTiers'], `${where}.sizeTiers`)
  checkServices(checker, period, where)
  for (const [name, ratio] of entriesOf(checker, period['region'], `${where}.region`, ['*'])) {
    checkRatio(checker, ratio, `${where}.region.${name}`)
  }
  for (const [name, price] of entriesOf(checker, period['units'], `${where}.units`, ['*'])) {
    checker.price(price, `${where}.units.${name}`)
  }
  const span = {
    where,
    from: typeof from === 'string' ? Date.parse(from) : -Infinity,
    to: typeof to === 'string' ? Date.parse(to) : Infinity,
    hours: hoursOf(checker, dailyUtc, `${where}.dailyUtc`),
  }
  if (span.from >= span.to) checker.add('price.overlap', where, 'ends before it begins')
  return span
}

function entriesOf(checker: Checker, value: unknown, where: string, allowed: string[]): [string, unknown][] {
  return Object.entries(checker.object(value ?? {}, where, allowed))
}

function hoursOf(checker: Checker, value: unknown, where: string): readonly [number, number] | undefined {
  if (value === undefined) return undefined
  const [from, to] = checker.list(value, where).map(String)
  const isTime = (text: string | undefined): text is string => /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(text ?? '')
  if (isTime(from) && isTime(to) && from !== to) return [timeOfDay(from), timeOfDay(to)]
  checker.add('price.invalid', where, 'must be two different times as HH:MM')
  return undefined
}

function checkServices(checker: Checker, period: Readonly<Record<string, unknown>>, where: string): void {
  const place = `${where}.service`
  for (const [name, value] of entriesOf(checker, period['service'], place, ['flex', 'priority', 'batch'])) {
    const price = checker.object(value, `${place}.${name}`, ['rates', 'sizeTiers', 'factor'])
    if (!('factor' in price)) {
      checkRates(checker, price['rates'], `${place}.${name}.rates`)
      checkTiers(checker, price['sizeTiers'], `${place}.${name}.sizeTiers`)
    } else if ('rates' in price || 'sizeTiers' in price) {
      checker.add('price.invalid', `${place}.${name}`, 'has a factor and rates of its own')
    } else if (checkRatio(checker, price['factor'], `${place}.${name}.factor`)) {
      checkFactor(checker, [period['rates'], period['sizeTiers']], price['factor'], `${place}.${name}.factor`)
    }
  }
}

/** A fraction of a pico-dollar would have to be rounded for every token. */
function checkFactor(checker: Checker, value: unknown, ratio: readonly [number, number], where: string): void {
  const numbers = pricesIn(value)
  if (numbers.every((price) => Number.isSafeInteger((price * ratio[0]) / ratio[1]))) return
  checker.add('price.not_whole', where, 'leaves fractions of a pico-dollar: give rates instead')
}

function pricesIn(value: unknown): readonly number[] {
  if (typeof value === 'number') return [value]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => (name === 'at' ? [] : pricesIn(inner)))
}

/** Periods with hours of the day stand above those without; among their own kind they must not meet. */
function checkOverlaps(checker: Checker, spans: readonly Span[]): void {
  for (const [index, one] of spans.entries()) {
    for (const other of spans.slice(index + 1)) {
      if ((one.hours === undefined) !== (other.hours === undefined)) continue
      if (one.from >= other.to || other.from >= one.to || !hoursMeet(one.hours, other.hours)) continue
      checker.add('price.overlap', other.where, `overlaps with ${one.where}`)
    }
  }
}

function hoursMeet(one: Span['hours'], other: Span['hours']): boolean {
  if (!one || !other) return true
  return contains(one, other[0]) || contains(other, one[0])
}

function contains([from, to]: readonly [number, number], time: number): boolean {
  return from < to ? time >= from && time < to : time >= from || time < to
}
