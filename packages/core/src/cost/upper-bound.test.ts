import fc from 'fast-check'
import { expect, test } from 'vitest'
import { priceCall } from './price-call.ts'
import type { PriceCard, PricePeriod, Rates } from './price-card.ts'
import { affordableOutput, upperBound, type UpperBoundOptions } from './upper-bound.ts'
import { emptyBuckets, inputTokens, outputTokens } from './usage-buckets.ts'

const at = Date.parse('2026-11-21T12:00:00Z')

function card(...periods: PricePeriod[]): PriceCard {
  return { provider: 'acme', model: 'one', aliases: [], version: '1', lastVerified: '2026-11-01', periods }
}

const rates: Rates = { in: { text: 100 }, read: { text: 10 }, write: { m5: 125, h1: 200 }, out: { text: 500 } }
const bound = (of: PriceCard, options: Partial<UpperBoundOptions> = {}) =>
  upperBound(of, { inputTokens: 10, maxOutputTokens: 4, at, ...options })

test('the dearest that may happen is reserved: a cache write, the region, reasoning', () => {
  const plain = card({ rates: { ...rates, out: { text: 500, reasoning: 600 } } })
  expect(bound(plain)).toEqual({ input: 2_000n, outputRate: 600n, total: 4_400n, card: 'acme/one@1' })
  expect(bound(plain, { mayWriteCache: false })?.input).toBe(1_000n)
  expect(bound(plain, { mayWriteCache: ['m5'] })?.input).toBe(1_250n)
  expect(bound(plain, { inputKinds: ['text', 'audio'], outputKinds: ['audio'] })?.total).toBe(4_400n)
})

test('a size tier within a tenth of the count is reserved for', () => {
  const tiers = card({ rates, sizeTiers: [{ at: 11, op: 'gte', rates: { in: { text: 300 }, out: { text: 900 } } }] })
  expect(bound(tiers)).toMatchObject({ input: 3_000n, outputRate: 900n })
  expect(bound(tiers, { inputTokens: 9 })?.outputRate).toBe(500n)
})

test('the region that was asked for counts, else the dearest', () => {
  const regional = card({ rates: { in: { text: 5 }, out: { text: 5 } }, region: { eu: [12, 10], us: [11, 10] } })
  const outputRate = (options: Partial<UpperBoundOptions>) => bound(regional, options)?.outputRate
  expect([{}, { region: 'us' }, { region: 'eu' }, { region: 'global' }].map(outputRate)).toEqual([6n, 6n, 6n, 5n])
})

test('the requested class and the standard one are reserved for, and all when the provider may choose', () => {
  const tiers = card({
    rates,
    service: { flex: { factor: [1, 2] }, priority: { factor: [2, 1] }, batch: { factor: [1, 2] } },
  })
  const outputRate = (serviceTier: string) => bound(tiers, { serviceTier })?.outputRate
  expect(['standard', 'flex', 'priority', 'batch', 'auto', 'scale'].map(outputRate)).toEqual([
    500n,
    500n,
    1_000n,
    250n,
    1_000n,
    1_000n,
  ])
})

test('a price that begins while the call runs is reserved for', () => {
  const change = card(
    { to: '2027-01-01', rates },
    { from: '2027-01-01', rates: { in: { text: 900 }, out: { text: 9 } } },
  )
  const before = Date.parse('2026-12-31T23:30:00Z')
  expect(bound(change, { at: before })?.input).toBe(9_000n)
  expect(bound(change, { at: before, forMs: 60_000 })?.input).toBe(2_000n)
  expect(bound(card({ to: '2026-01-01', rates }))).toBeUndefined()
})

test('pieces are part of the input', () => {
  const priced = card({ rates, units: { webSearch: 7 } })
  expect(bound(priced, { units: { webSearch: 3, other: 2 } })?.input).toBe(2_021n)
})

test('the output that an amount pays for is what is left after the input', () => {
  const reserved = { input: 1_000n, outputRate: 300n, total: 0n, card: '' }
  expect(affordableOutput(reserved, 1_899n)).toBe(2)
  expect(affordableOutput(reserved, 1_900n)).toBe(3)
  expect(affordableOutput(reserved, 999n)).toBe(0)
  expect(affordableOutput({ ...reserved, outputRate: 0n }, 2_000n)).toBe(Number.MAX_SAFE_INTEGER)
  expect(affordableOutput({ ...reserved, outputRate: 1n }, 10n ** 30n)).toBe(Number.MAX_SAFE_INTEGER)
})

const price = fc.integer({ min: 0, max: 1_000 }).map((half) => half * 2)
const someRates: fc.Arbitrary<Rates> = fc.record(
  {
    in: fc.record({ text: price, image: price, video: price }, { requiredKeys: ['text'] }),
    read: fc.record({ text: price, image: price }, { requiredKeys: [] }),
    write: fc.record({ m5: price, h1: price, other: price }, { requiredKeys: [] }),
    out: fc.record({ text: price, reasoning: price }, { requiredKeys: ['text'] }),
  },
  { requiredKeys: ['in', 'out'] },
)
const somePeriod: fc.Arbitrary<PricePeriod> = fc.record(
  {
    rates: someRates,
    sizeTiers: fc
      .tuple(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 501, max: 1_000 }), someRates, someRates)
      .map(([low, high, one, two]) => [
        { at: low, op: 'gt' as const, rates: one },
        { at: high, op: 'gte' as const, rates: two },
      ]),
    service: fc.record({ flex: fc.constant({ factor: [1, 2] as const }), priority: fc.record({ rates: someRates }) }),
    region: fc.constant({ us: [11, 10] as const }),
  },
  { requiredKeys: ['rates'] },
)
const count = fc.integer({ min: 0, max: 300 })
const someUsage = fc.record({
  in: fc.record({ text: count, image: count }),
  read: fc.record({ text: count, image: count }),
  write: fc.record({ m5: count, h1: count, h12: count, other: count }),
  out: fc.record({ text: count, reasoning: count }),
})

test('no usage inside the reserved counts costs more than was reserved', () => {
  fc.assert(
    fc.property(
      somePeriod,
      someUsage,
      fc.constantFrom(undefined, 'us', 'eu'),
      fc.constantFrom(undefined, 'flex', 'priority', 'auto', 'batch'),
      fc.constantFrom(undefined, 'default', 'flex', 'priority'),
      (period, parts, region, requestedTier, served) => {
        const usage = { ...emptyBuckets, ...parts }
        const allowed = requestedTier === 'auto' || served === 'default' || served === requestedTier
        const serviceTier = allowed ? served : undefined
        const reserved = upperBound(card(period), {
          inputTokens: inputTokens(usage),
          maxOutputTokens: outputTokens(usage),
          at,
          serviceTier: requestedTier,
          region: region === 'eu' ? undefined : region,
        })!
        const priced = priceCall(card(period), usage, { at, region, serviceTier, requestedTier })
        expect(reserved.total).toBeGreaterThanOrEqual(priced.total)
      },
    ),
    { numRuns: 1_000 },
  )
})
