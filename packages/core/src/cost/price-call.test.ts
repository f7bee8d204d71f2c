import { expect, test } from 'vitest'
import { findCard } from './find-card.ts'
import { priceCall } from './price-call.ts'
import type { PriceBook, PriceCard, PricePeriod, Rates } from './price-card.ts'
import { emptyBuckets, type UsageBuckets } from './usage-buckets.ts'

const at = Date.parse('2026-11-21T12:00:00Z')
const rates: Rates = { in: { text: 100 }, read: { text: 10 }, write: { m5: 125, h1: 200 }, out: { text: 500 } }

function card(period: Partial<PricePeriod> = {}, more: Partial<PriceCard> = {}): PriceCard {
  return {
    provider: 'acme',
    model: 'one',
    aliases: [],
    version: '1',
    lastVerified: '2026-11-01',
    periods: [{ rates, ...period }],
    ...more,
  }
}

function usage(parts: Partial<UsageBuckets>): UsageBuckets {
  return { ...emptyBuckets, ...parts }
}

test('every bucket has its line, and the lines add up', () => {
  const priced = priceCall(
    card(),
    usage({ in: { text: 7 }, read: { text: 5 }, write: { m5: 3, h1: 2 }, out: { text: 11, reasoning: 13 } }),
    { at },
  )
  expect(priced).toEqual({
    status: 'priced',
    total: 700n + 50n + 375n + 400n + 5_500n + 6_500n,
    ours: 13_525n,
    source: 'card',
    lines: [
      { bucket: 'in.text', quantity: 7, rate: 100n, cost: 700n },
      { bucket: 'read.text', quantity: 5, rate: 10n, cost: 50n },
      { bucket: 'write.m5', quantity: 3, rate: 125n, cost: 375n },
      { bucket: 'write.h1', quantity: 2, rate: 200n, cost: 400n },
      { bucket: 'out.text', quantity: 11, rate: 500n, cost: 5_500n },
      { bucket: 'out.reasoning', quantity: 13, rate: 500n, cost: 6_500n },
    ],
    flags: [],
    card: 'acme/one@1',
    service: 'standard',
  })
})

test('the size of the whole request chooses the rates of all its tokens, each tier by its own operator', () => {
  const big: Rates = { in: { text: 200 }, out: { text: 900 } }
  const huge: Rates = { in: { text: 300 }, out: { text: 950 } }
  const sizeTiers = [
    { at: 10, op: 'gte', rates: big },
    { at: 20, op: 'gt', rates: huge },
  ] as const
  const cost = (text: number): bigint => priceCall(card({ sizeTiers }), usage({ in: { text } }), { at }).total
  expect([9, 10, 20, 21].map(cost)).toEqual([900n, 2_000n, 4_000n, 6_300n])
  const mixed = usage({ in: { text: 4 }, read: { text: 3 }, write: { m5: 3 }, out: { text: 100 } })
  expect(priceCall(card({ sizeTiers }), mixed, { at }).lines.at(-1)?.rate).toBe(900n)
})

test('the class of service that was served comes before the requested one', () => {
  const priced = card({
    service: { flex: { factor: [1, 2] }, priority: { rates: { in: { text: 250 }, out: { text: 1_000 } } } },
    sizeTiers: [{ at: 5, op: 'gt', rates: { in: { text: 200 }, out: { text: 900 } } }],
  })
  const call = (options: object, text = 1) => priceCall(priced, usage({ in: { text } }), { at, ...options })
  expect(call({ requestedTier: 'priority', serviceTier: 'default' })).toMatchObject({ total: 100n, source: 'card' })
  expect(call({ serviceTier: 'flex' })).toMatchObject({ total: 50n, service: 'flex' })
  expect(call({ serviceTier: 'ON_DEMAND_FLEX' }, 6).total).toBe(600n)
  expect(call({ serviceTier: 'priority' }, 6).total).toBe(1_500n)
  expect(call({ requestedTier: 'auto', serviceTier: 'auto' }).service).toBe('standard')
  const guessed = call({ requestedTier: 'priority' })
  expect(guessed).toMatchObject({ total: 250n, source: 'estimated', flags: ['service_estimated'] })
})

test('a batch stays a batch whatever its single answers say', () => {
  const own: Rates = { in: { text: 50 }, read: { text: 10 }, out: { text: 250 } }
  const batch = card({ service: { batch: { rates: own, sizeTiers: [{ at: 1, op: 'gt', rates }] } } })
  const call = (text: number) =>
    priceCall(batch, usage({ in: { text } }), { at, requestedTier: 'batch', serviceTier: 'default' })
  expect(call(1)).toMatchObject({ total: 50n, service: 'batch', flags: [] })
  expect(call(2).total).toBe(200n)
})

test('a class without a price of its own is billed as standard and never silently', () => {
  const served = priceCall(card(), usage({ in: { text: 1 } }), { at, serviceTier: 'priority' })
  expect(served).toMatchObject({ status: 'rate_missing', total: 100n, flags: ['service_unpriced'] })
  const unknown = priceCall(card(), usage({ in: { text: 1 } }), { at, serviceTier: 'scale' })
  expect(unknown).toMatchObject({ status: 'rate_missing', service: 'standard', flags: ['service_unpriced'] })
})

test('a rate that is not known has a stand-in, never zero', () => {
  const bare = card({ rates: { in: { text: 100 }, out: { text: 500 } } })
  const call = (parts: Partial<UsageBuckets>, of = bare) => priceCall(of, usage(parts), { at })
  expect(call({ in: { image: 1, video: 1 } })).toMatchObject({ status: 'priced', total: 200n })
  expect(call({ out: { reasoning: 1 } })).toMatchObject({ status: 'priced', total: 500n })
  for (const parts of [{ in: { audio: 1 } }, { read: { text: 1 } }, { read: { audio: 1 } }, { write: { h12: 1 } }]) {
    expect(call(parts)).toMatchObject({ status: 'rate_missing', total: 100n, flags: ['rate_missing'] })
  }
  expect(call({ out: { audio: 1, image: 1 } })).toMatchObject({ status: 'rate_missing', total: 1_000n })
  expect(call({ units: { webSearch: 2 } })).toMatchObject({ status: 'rate_missing', total: 0n })
  expect(call({ units: { toString: 2 } }, card({ units: {} }))).toMatchObject({ status: 'rate_missing', total: 0n })
})

test('a stand-in is the nearest known rate', () => {
  const call = (parts: Partial<UsageBuckets>, more: Partial<Rates>) =>
    priceCall(card({ rates: { ...rates, ...more } }), usage(parts), { at })
  expect(call({ read: { audio: 1 } }, {})).toMatchObject({ status: 'priced', total: 10n })
  expect(call({ write: { h12: 1 } }, {})).toMatchObject({ status: 'rate_missing', total: 125n })
  expect(call({ write: { h12: 1 } }, { write: { other: 130 } })).toMatchObject({ status: 'priced', total: 130n })
  const embedding = card({ rates: { in: { text: 20 } } })
  expect(priceCall(embedding, usage({ out: { text: 1 } }), { at })).toMatchObject({
    total: 20n,
    status: 'rate_missing',
  })
  expect(priceCall(embedding, usage({ out: { reasoning: 1 } }), { at })).toMatchObject({ status: 'rate_missing' })
})

test('the factor of a region is on every token, not on pieces, and rounded once', () => {
  const priced = priceCall(
    card({ region: { us: [11, 10] }, units: { webSearch: 1_000 }, rates: { in: { text: 3 }, out: { text: 1 } } }),
    usage({ in: { text: 1 }, out: { text: 2 }, units: { webSearch: 2 } }),
    { at, region: 'us' },
  )
  // 5 * 1.1 = 5.5, half up.
  expect(priced.total).toBe(2_006n)
  expect(priced.lines.map(({ bucket, cost }) => [bucket, cost])).toEqual([
    ['in.text', 3n],
    ['out.text', 2n],
    ['region', 1n],
    ['units.webSearch', 2_000n],
  ])
  expect(priceCall(card({ region: { us: [11, 10] } }), usage({ in: { text: 1 } }), { at, region: 'eu' }).total).toBe(
    100n,
  )
})

test('periods follow the calendar, and hours of the day win', () => {
  const dear: Rates = { in: { text: 300 }, out: { text: 300 } }
  const periods: PricePeriod[] = [
    { to: '2027-01-01', rates },
    { from: '2027-01-01', rates: { in: { text: 200 }, out: { text: 1_000 } } },
    { dailyUtc: ['01:00', '04:00'], rates: dear },
    { dailyUtc: ['22:30', '00:30'], rates: { in: { text: 50 }, out: { text: 50 } } },
  ]
  const call = (time: string) => priceCall(card({}, { periods }), usage({ in: { text: 1 } }), { at: Date.parse(time) })
  expect(call('2026-12-31T12:00:00Z')).toMatchObject({ total: 100n })
  expect(call('2027-01-01T12:00:00Z')).toMatchObject({ total: 200n, effectiveFrom: '2027-01-01' })
  expect(call('2026-12-01T01:00:00Z').total).toBe(300n)
  expect(call('2026-12-01T04:00:00Z').total).toBe(100n)
  expect(call('2026-12-01T23:00:00Z').total).toBe(50n)
  expect(call('2026-12-01T00:10:00Z').total).toBe(50n)
})

test('without a card or a period a call is unpriced', () => {
  expect(priceCall(undefined, usage({ in: { text: 1 } }), { at })).toEqual({
    status: 'unpriced',
    total: 0n,
    ours: 0n,
    source: 'card',
    lines: [],
    flags: [],
    service: 'standard',
  })
  expect(priceCall(card({ from: '2027-01-01' }), usage({ in: { text: 1 } }), { at }).status).toBe('unpriced')
})

test('the cost that the provider tells wins; ours is kept, and a drift over 2 % is told', () => {
  const call = (reportedPicoDollars: bigint, of: PriceCard | undefined = card()) =>
    priceCall(of, usage({ in: { text: 1 } }), { at, reportedPicoDollars })
  expect(call(102n)).toMatchObject({ total: 102n, ours: 100n, source: 'provider_reported', flags: [] })
  expect(call(98n).flags).toEqual([])
  expect(call(103n).flags).toEqual(['price_drift'])
  expect(call(97n).flags).toEqual(['price_drift'])
  expect(priceCall(undefined, usage({}), { at, reportedPicoDollars: 5n })).toMatchObject({
    status: 'priced',
    total: 5n,
  })
  expect(call(-1n)).toMatchObject({ total: 100n, source: 'card', flags: ['reported_invalid'] })
})

test('an estimate stays an estimate', () => {
  expect(priceCall(card(), usage({ in: { text: 1 }, source: 'estimated' }), { at }).source).toBe('estimated')
})

test('other models inside a call are billed at their own prices', () => {
  const other = card({ rates: { in: { text: 1 }, out: { text: 2 } } }, { model: 'two' })
  const inner = [{ model: 'two', in: { text: 10 }, read: {}, write: {}, out: { text: 10 } }]
  const call = (innerCard?: (model: string) => PriceCard | undefined) =>
    priceCall(card(), usage({ in: { text: 1 }, inner }), { at, innerCard })
  const known = call((model) => (model === 'two' ? other : undefined))
  expect(known).toMatchObject({ total: 130n, status: 'priced' })
  expect(known.lines.map(({ bucket }) => bucket)).toEqual(['in.text', 'two/in.text', 'two/out.text'])
  expect(call()).toMatchObject({ total: 100n + 1_000n + 5_000n, status: 'rate_missing' })
})

test('bad counts are flagged with the price and never make it negative', () => {
  expect(priceCall(card(), usage({ in: { text: -5 } }), { at })).toMatchObject({ total: 0n, flags: ['usage_invalid'] })
})

test('a card is found by its exact id, then by a declared alias, an override first; never by a beginning', () => {
  const one = card({}, { aliases: ['uno', 'two'] })
  const two = card({}, { model: 'two' })
  const book: PriceBook = { version: '1', verifiedAt: '2026-11-01', sources: [], cards: [one, two] }
  expect(findCard(book, 'acme', 'one')).toBe(one)
  expect(findCard(book, 'acme', 'uno')).toBe(one)
  expect(findCard(book, 'acme', 'two')).toBe(two)
  expect(findCard(book, 'acme', 'one-5')).toBeUndefined()
  expect(findCard(book, 'other', 'one')).toBeUndefined()
  const own = card({}, { model: 'uno' })
  expect(findCard(book, 'acme', 'uno', [own])).toBe(own)
  expect(findCard(book, 'acme', 'one', [own])).toBe(one)
})
