import type { PriceBook, PriceCard } from '@meepo/core'
import { expect, test } from 'vitest'
import { ageWarning, checkAge } from './age.ts'
import { diffBooks, formatChange } from './diff.ts'
import { openPrices, PriceList } from './price-list.ts'
import { simplePrice, type SimplePrice } from './simple-price.ts'

const at = Date.parse('2026-11-21')
const cheap = simplePrice({ provider: 'acme', model: 'cheap', input: 1, output: 2, aliases: ['eco'] })
const dear = simplePrice({
  provider: 'acme',
  model: 'dear',
  input: '10',
  output: '$20',
  cacheRead: 1,
  cacheWrite: 12.5,
})
const book: PriceBook = { version: '7', verifiedAt: '2026-11-01', sources: [], cards: [cheap, dear] }
const prices = new PriceList(book)

test('a simple price is dollars for a million tokens', () => {
  expect(dear).toEqual({
    provider: 'acme',
    model: 'dear',
    aliases: [],
    version: 'own',
    lastVerified: '9999-12-31',
    limits: {},
    periods: [
      {
        rates: {
          in: { text: 10_000_000 },
          read: { text: 1_000_000 },
          write: { other: 12_500_000 },
          out: { text: 20_000_000 },
        },
      },
    ],
  })
  const window = simplePrice({ provider: 'a', model: 'b', input: 0, contextTokens: 8, maxOutputTokens: 4 })
  expect(window).toMatchObject({ limits: { contextTokens: 8, maxOutputTokens: 4 } })
  expect(() => simplePrice({ provider: 'a', model: 'b', input: -1 })).toThrow(
    expect.objectContaining({ code: 'price.negative' }),
  )
  // As a file may have it.
  const blank = { provider: 'a', model: 'b' } as SimplePrice
  expect(() => simplePrice(blank)).toThrow(expect.objectContaining({ code: 'price.missing' }))
  expect(() => simplePrice({ provider: 'a', model: 'b', input: '0.0000001' })).toThrow(
    expect.objectContaining({ code: 'price.not_whole' }),
  )
})

test('overrides win, and wrong ones are refused at once', () => {
  const own = new PriceList(book, [{ provider: 'acme', model: 'eco', input: 0.5, output: 1 }])
  expect(own.find('acme', 'eco')?.periods[0]?.rates.in.text).toBe(500_000)
  expect(own.find('acme', 'cheap')).toBe(cheap)
  const broken: PriceCard = { ...cheap, periods: [{ rates: { in: { text: -1 }, out: { text: 1 } } }] }
  expect(() => new PriceList(book, [broken])).toThrow(expect.objectContaining({ code: 'price.negative' }))
  expect(() => new PriceList(book, [cheap, cheap])).toThrow(expect.objectContaining({ code: 'price.duplicate' }))
})

test('without a book of its own a deployment has the one that ships', async () => {
  const own = { provider: 'acme', model: 'm', input: 1 }
  const shipped = await openPrices({ overrides: [own] })
  expect(shipped.find('openai', 'gpt-6-sol')).toMatchObject({ model: 'gpt-6-sol' })
  expect(shipped.find('acme', 'm')).toBeDefined()
  expect((await openPrices({ book })).find('openai', 'gpt-6-sol')).toBeUndefined()
  expect((await openPrices()).book).toBe(shipped.book)
})

test('an answer is priced by the model that served it, or by the snapshot of the requested one', () => {
  expect(prices.findServed('acme', 'cheap', undefined)).toBe(cheap)
  expect(prices.findServed('acme', 'cheap', 'cheap')).toBe(cheap)
  expect(prices.findServed('acme', 'cheap', 'dear')).toBe(dear)
  expect(prices.findServed('acme', 'cheap', 'cheap-2026-09-01')).toBe(cheap)
  expect(prices.findServed('acme', 'cheap', 'cheap-20260901')).toBe(cheap)
  expect(prices.findServed('acme', 'cheap', 'cheap-5')).toBeUndefined()
  expect(prices.findServed('acme', 'cheap', 'other')).toBeUndefined()
})

test('a model without a price follows the policy', () => {
  expect(prices.decide('acme', 'eco', 'deny', at)).toEqual({ kind: 'priced', card: cheap })
  expect(() => prices.decide('acme', 'new', 'deny', at)).toThrow(
    expect.objectContaining({ code: 'price.unpriced', notSent: true }),
  )
  expect(prices.decide('acme', 'new', 'allow_flagged', at)).toEqual({ kind: 'unpriced' })
  expect(prices.decide('acme', 'new', 'assume_ceiling', at)).toMatchObject({
    kind: 'ceiling',
    card: { provider: 'acme', model: 'new', version: 'ceiling:acme/dear@own', periods: dear.periods },
  })
  expect(prices.decide('other', 'new', 'assume_ceiling', at)).toMatchObject({ card: { provider: 'other' } })
  const empty = new PriceList({ ...book, cards: [] })
  expect(empty.decide('acme', 'new', 'assume_ceiling', at)).toEqual({ kind: 'unpriced' })
})

test('a card whose prices have ended has no price', () => {
  const past: PriceCard = { ...cheap, model: 'past', periods: [{ ...cheap.periods[0]!, to: '2026-01-01' }] }
  const list = new PriceList({ ...book, cards: [past] })
  expect(list.decide('acme', 'past', 'allow_flagged', at)).toEqual({ kind: 'unpriced' })
  expect(list.decide('acme', 'new', 'assume_ceiling', at)).toMatchObject({ kind: 'ceiling' })
})

test('a book older than 30 days warns', () => {
  expect(ageWarning(book, Date.parse('2026-12-01T23:59:59Z'))).toBeUndefined()
  expect(ageWarning(book, Date.parse('2026-12-02'))).toMatch(/price book 7 is 31 days old/)
  const mixed = { ...book, cards: [cheap, { ...dear, lastVerified: '2026-09-01' }] }
  expect(checkAge(mixed, at)).toEqual({ days: 20, isOld: false, oldCards: ['acme/dear'] })
})

test('two books differ in readable lines', () => {
  const changed: PriceCard = {
    ...cheap,
    version: 'other',
    aliases: [],
    periods: [{ rates: { in: { text: 1_500_000 } } }],
  }
  const fresh = simplePrice({ provider: 'acme', model: 'new', input: 1 })
  const lines = diffBooks(book, { ...book, cards: [changed, fresh] }).map(formatChange)
  expect(lines).toEqual([
    '~ acme/cheap  aliases: eco -> ',
    '~ acme/cheap  periods.0.rates.in.text: $1/M -> $1.5/M',
    '~ acme/cheap  periods.0.rates.out.text: $2/M -> nothing',
    '- acme/dear',
    '+ acme/new',
  ])
  expect(diffBooks(book, book)).toEqual([])
})
