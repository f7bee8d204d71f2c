import { expect, test } from 'vitest'
import { checkPriceBook, checkPriceCards, findPriceProblems } from './check-book.ts'

const rates = { in: { text: 2 }, read: { text: 1 }, write: { m5: 3 }, out: { text: 4 } }
const good = { provider: 'acme', model: 'one', aliases: ['uno'], version: '1', lastVerified: '2026-11-01' }

function book(...cards: unknown[]): unknown {
  return { version: '1', verifiedAt: '2026-11-01', sources: ['a@1'], cards }
}

function codes(...cards: unknown[]): string[] {
  return findPriceProblems(book(...cards)).map(({ code, where }) => `${code} ${where}`)
}

function period(...periods: unknown[]): string[] {
  return codes({ ...good, periods })
}

test('a good book passes as it is', () => {
  const value = book({
    ...good,
    limits: { contextTokens: 1_000, maxOutputTokens: 10 },
    can: ['tools'],
    periods: [
      { to: '2027-01-01T00:00:00Z', rates, sizeTiers: [{ at: 5, op: 'gt', rates }], units: { webSearch: 5 } },
      { from: '2027-01-01', rates, region: { us: [11, 10] }, service: { flex: { factor: [3, 1] }, batch: { rates } } },
      { dailyUtc: ['22:00', '01:00'], rates },
      { dailyUtc: ['01:00', '02:00'], rates },
    ],
  })
  expect(findPriceProblems(value)).toEqual([])
  expect(checkPriceBook(value)).toBe(value)
  expect(checkPriceCards([{ ...good, periods: [{ rates: { in: { text: 0 } } }] }])).toHaveLength(1)
})

test('prices that cannot be are told one by one', () => {
  expect(period({ rates: { in: { text: -1 }, out: { text: 0.5 } } })).toEqual([
    'price.negative acme/one: periods.0.rates.in.text',
    'price.not_whole acme/one: periods.0.rates.out.text',
  ])
  expect(period({ rates: { in: {}, out: { text: '4' } } })).toEqual([
    'price.missing acme/one: periods.0.rates.in.text',
    'price.invalid acme/one: periods.0.rates.out.text',
  ])
  expect(period({ rates: { out: { text: null } } }, {})).toEqual([
    'price.missing acme/one: periods.0.rates.in.text',
    'price.missing acme/one: periods.0.rates.out.text',
    'price.missing acme/one: periods.1.rates',
    'price.overlap acme/one: periods.1',
  ])
  expect(codes({ ...good, periods: [] })).toEqual(['price.missing acme/one: periods'])
  expect(period({ rates, units: { webSearch: Number.NaN } })).toEqual([
    'price.invalid acme/one: periods.0.units.webSearch',
  ])
})

test('periods that meet, and those that end before they begin, are refused', () => {
  expect(period({ rates }, { from: '2026-01-01', rates })).toEqual(['price.overlap acme/one: periods.1'])
  expect(period({ from: '2026-02-01', to: '2026-01-01', rates })).toEqual(['price.overlap acme/one: periods.0'])
  expect(period({ dailyUtc: ['22:00', '03:00'], rates }, { dailyUtc: ['02:00', '04:00'], rates })).toHaveLength(1)
  expect(period({ dailyUtc: ['02:00', '04:00'], rates }, { dailyUtc: ['01:00', '03:00'], rates })).toHaveLength(1)
  expect(period({ dailyUtc: ['2:00', '04:00'], rates })).toEqual(['price.invalid acme/one: periods.0.dailyUtc'])
  expect(period({ dailyUtc: ['02:00'], rates })).toEqual(['price.invalid acme/one: periods.0.dailyUtc'])
  expect(period({ from: 'soon', to: 3, rates })).toEqual([
    'price.invalid acme/one: periods.0.from',
    'price.invalid acme/one: periods.0.to',
  ])
})

test('tiers rise and say whether they begin at their size', () => {
  const tier = { at: 5, op: 'gt', rates }
  expect(period({ rates, sizeTiers: [tier, { ...tier, at: 5 }] })).toEqual([
    'price.tiers acme/one: periods.0.sizeTiers.1.at',
  ])
  expect(
    period({
      rates,
      sizeTiers: [
        { ...tier, at: 'x' },
        { ...tier, at: 1.5, op: '>' },
      ],
    }),
  ).toEqual([
    'price.tiers acme/one: periods.0.sizeTiers.0.at',
    'price.tiers acme/one: periods.0.sizeTiers.1.at',
    'price.tiers acme/one: periods.0.sizeTiers.1.op',
  ])
})

test('a class of service has rates or a factor that leaves no fraction', () => {
  const where = 'acme/one: periods.0.service.flex'
  expect(period({ rates, service: { flex: { factor: [1, 3] } } })).toEqual([`price.not_whole ${where}.factor`])
  expect(period({ rates, service: { flex: { factor: [1] } } })).toEqual([`price.invalid ${where}.factor`])
  expect(period({ rates, service: { flex: { factor: [1, 0] } } })).toEqual([`price.invalid ${where}.factor`])
  expect(period({ rates, service: { flex: { factor: [1, 1], rates } } })).toEqual([`price.invalid ${where}`])
  expect(period({ rates, service: { flex: {} } })).toEqual([`price.missing ${where}.rates`])
  const even = { in: { text: 2 }, out: { text: 4 } }
  const sizeTiers = [{ at: 3, op: 'gt', rates: even }]
  expect(period({ rates: even, sizeTiers, service: { flex: { factor: [1, 2] } } })).toEqual([])
  expect(period({ rates, region: { us: 1.1 } })).toEqual(['price.invalid acme/one: periods.0.region.us'])
})

test('a name belongs to one card only', () => {
  const other = { ...good, model: 'two', periods: [{ rates }] }
  expect(codes({ ...good, periods: [{ rates }] }, other)).toEqual(['price.duplicate acme/two'])
  expect(codes({ ...good, periods: [{ rates }] }, { ...other, provider: 'else' })).toEqual([])
})

test('what has not the shape of a book is told at its place', () => {
  expect(findPriceProblems(null).map(({ where }) => where)).toEqual([
    'book',
    'version',
    'verifiedAt',
    'sources',
    'cards',
  ])
  expect(findPriceProblems({ ...Object(book()), more: 1, sources: [''] }).map(({ where }) => where)).toEqual([
    'book.more',
    'sources.0',
  ])
  expect(codes(null)).toContain('price.invalid cards.0')
  expect(codes({ ...good, model: '', lastVerified: 'today', periods: [{ rates }], aliases: [1] })).toEqual([
    'price.invalid acme/: model',
    'price.invalid acme/: lastVerified',
    'price.invalid acme/: aliases.0',
  ])
  expect(codes({ ...good, limits: { contextTokens: 0 }, can: ['fly'], periods: [{ rates }] })).toEqual([
    'price.invalid acme/one: limits.contextTokens',
    'price.invalid acme/one: can.0',
  ])
  expect(
    codes({ ...good, aliases: 'uno', periods: [{ rates: { ...rates, read: [], out: { text: 1, smell: 2 } } }] }),
  ).toEqual([
    'price.invalid acme/one: aliases',
    'price.invalid acme/one: periods.0.rates.read',
    'price.invalid acme/one: periods.0.rates.out.smell',
  ])
})

test('the error has the code of the first problem and names them', () => {
  const bad = { ...good, periods: [{ rates: { in: { text: -1, audio: -1, image: -1, video: -1 }, out: { text: 1 } } }] }
  expect(() => checkPriceBook(book(bad))).toThrow(
    expect.objectContaining({
      code: 'price.negative',
      message: expect.stringMatching(/periods.0.rates.in.text is negative.*1 more/),
    }),
  )
  expect(() => checkPriceCards({}, 'the overrides are wrong')).toThrow(/the overrides are wrong: cards must be a list/)
})
