import type { LedgerEntry } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import { expect, test } from 'vitest'

import { book, from, Ledger, to } from '../../test-support/ledgers.ts'
import { PriceList } from '../prices/price-list.ts'
import type { Advice } from './advice.ts'
import { advise, Adviser, type AdviseOptions } from './advise.ts'

const options: AdviseOptions = { prices: new PriceList(book), from, to, equivalents: { 'p:sol': ['q:sol'] } }

function adviceOn(lines: readonly LedgerEntry[], more: Partial<AdviseOptions> = {}): readonly Advice[] {
  const adviser = new Adviser({ ...options, ...more })
  for (const line of lines) adviser.see(line)
  return adviser.advice()
}

/** What was found by rule, in pico-dollars; the planted amounts of one ledger belong to one subject each. */
function amounts(advice: readonly Advice[]): Record<string, bigint> {
  return Object.fromEntries(advice.map(({ rule, picoDollars }) => [rule, BigInt(picoDollars)]))
}

function expectPlanted(found: Record<string, bigint>, planted: Record<string, bigint>): void {
  expect(Object.keys(found).toSorted()).toEqual(Object.keys(planted).toSorted())
  for (const [rule, amount] of Object.entries(planted)) {
    const difference = Number((found[rule] ?? 0n) - amount) / Number(amount)
    expect(Math.abs(difference), rule).toBeLessThanOrEqual(0.01)
  }
}

const noTwin = { equivalents: {} }

test.each(['a', 'b', 'c'])('on a clean ledger (%s) nothing is advised', (seed) => {
  const ledger = new Ledger(seed)
  ledger.addClean(2_000)
  expect(adviceOn(ledger.lines, noTwin)).toEqual([])
})

test('a ledger with calls that could wait, repeated requests and billed failures', () => {
  const ledger = new Ledger('first')
  ledger.addClean(500)
  const planted = { batch: 0n, duplicates: 0n, 'retry-waste': 0n }
  for (let index = 0; index < 300; index += 1) {
    const { usage } = ledger.add({ isUnwatched: true })
    // Half of $0.001 and $0.004 for a thousand tokens.
    planted.batch += BigInt(usage.input * 500 + usage.output * 2_000)
  }
  for (let index = 0; index < 40; index += 1) {
    const at = from + index * 3_600_000
    const facts = { requestHash: `again-${index}` }
    ledger.add({ input: 2_000, output: 400, at, facts })
    for (let repeat = 1; repeat <= 4; repeat += 1) {
      ledger.add({ input: 2_000, output: 400, at: at + repeat * 60_000, facts })
      planted.duplicates += 2_000n * 1_000n + 400n * 4_000n
    }
    // The next day it would have been forgotten.
    if (index === 0) ledger.add({ input: 2_000, output: 400, at: at + 90_000_000, facts })
  }
  for (const outcome of ['failed', 'interrupted', 'unknown'] as const) {
    for (let index = 0; index < 30; index += 1) {
      ledger.add({ input: 3_000, output: 100, outcome })
      planted['retry-waste'] += 3_000n * 1_000n + 100n * 4_000n
    }
  }
  expectPlanted(amounts(adviceOn(ledger.lines, noTwin)), planted)
})

test('a ledger with uncached prefixes, requests above a cliff and oversized limits', () => {
  const ledger = new Ledger('second')
  ledger.addClean(500)
  const planted = { 'prefix-cache': 0n, 'size-cliff': 0n, 'max-tokens': 0n }
  for (let index = 0; index < 100; index += 1) {
    ledger.add({
      model: 'p:opus',
      input: 9_000,
      at: from + index * 60_000,
      facts: { prefixHash: 'x', prefixTokens: 8_000 },
    })
    // Written once, read 99 times.
    planted['prefix-cache'] += index === 0 ? 8_000n * (1_000n - 1_250n) : 8_000n * (1_000n - 100n)
  }
  for (let index = 0; index < 20; index += 1) {
    ledger.add({ input: 104_000, output: 500 })
    planted['size-cliff'] += 104_000n * 5_000n + 500n * 20_000n - (100_000n * 1_000n + 500n * 4_000n)
  }
  for (let index = 0; index < 400; index += 1) {
    ledger.add({ model: 'p:flash', output: 200, agent: 'agent:short', facts: { maxOutputTokens: 64_000 } })
    planted['max-tokens'] += (64_000n - 300n) * 400n
  }
  const advice = adviceOn(ledger.lines, { ...noTwin, prices: new PriceList(withoutPromo) })
  expectPlanted(amounts(advice), planted)
  expect(advice.find(({ rule }) => rule === 'max-tokens')).toMatchObject({
    effect: 'frees',
    subject: 'p:flash agent:short',
    evidence: { suggestion: 300 },
  })
})

test('a ledger with a dearer twin and a promotion that ends', () => {
  const ledger = new Ledger('third')
  const planted = { 'cheaper-equal': 0n, 'promo-ends': 0n }
  for (let index = 0; index < 300; index += 1) {
    const { usage } = ledger.add({})
    planted['cheaper-equal'] += BigInt(usage.input * 200 + usage.output * 1_000)
    const flash = ledger.add({ model: 'p:flash' })
    planted['promo-ends'] += BigInt(flash.cost.picoDollars ?? '0')
  }
  const advice = adviceOn(ledger.lines)
  expectPlanted(amounts(advice), planted)
  expect(advice.map(({ effect }) => effect)).toEqual(['saves', 'rises'])
})

const withoutPromo = {
  ...book,
  cards: book.cards.map((card) => ({ ...card, periods: card.periods.slice(0, 1).map(({ to: _to, ...rest }) => rest) })),
}

test('an hour of cache is advised where calls come too late for five minutes', () => {
  const ledger = new Ledger('hour')
  for (let index = 0; index < 100; index += 1) {
    const facts = { prefixHash: 'x', prefixTokens: 8_000 }
    ledger.add({ model: 'p:opus', input: 9_000, at: from + index * 1_200_000, facts })
  }
  const [advice] = adviceOn(ledger.lines)
  expect(advice).toMatchObject({ rule: 'prefix-cache', advice: expect.stringContaining('an hour') })
  expect(advice?.picoDollars).toBe(String(99 * 8_000 * 900 - 8_000 * 1_000))
})

test.each<[string, Partial<Parameters<Ledger['add']>[0]>]>([
  ['too rare for a cache', { facts: { prefixHash: 'x', prefixTokens: 8_000 }, input: 9_000, model: 'p:opus' }],
  ['too short for one', { facts: { prefixHash: 'x', prefixTokens: 1_000 }, model: 'p:opus' }],
  ['without a price', { model: 'p:none' as 'p:sol' }],
  ['far above a cliff', { input: 150_000 }],
  ['cut at their limit', { model: 'p:opus', output: 10, facts: { maxOutputTokens: 800, finish: 'length' } }],
  ['of a batch', { facts: { requestedTier: 'batch' }, isUnwatched: true }],
])('calls that are %s are left alone', (_what, call) => {
  const ledger = new Ledger('alone')
  for (let index = 0; index < 30; index += 1) ledger.add({ ...call, at: from + index * 7_200_000 })
  expect(adviceOn(ledger.lines, noTwin)).toEqual([])
})

test('a month is reckoned from the time that was looked at', () => {
  const ledger = new Ledger('month')
  ledger.add({ outcome: 'failed' })
  const [advice] = adviceOn(ledger.lines)
  expect(BigInt(advice!.picoDollarsPerMonth)).toBe(3n * BigInt(advice!.picoDollars))
  expect(advice!.proof).toMatch(/^SELECT .* FROM ledger WHERE/)
})

test('the ledger is read page by page', async () => {
  const ledger = new Ledger('pages')
  for (let index = 0; index < 1_500; index += 1) ledger.add({ outcome: 'failed' })
  const store = createMemoryStore()
  await store.money.book({ tenant: 'acme' }, [], ledger.lines)
  const [advice] = await advise(store.money, 'system', options)
  expect(advice).toMatchObject({ rule: 'retry-waste', calls: 1_500 })
  expect(await advise(store.money, { tenant: 'umbra' }, options)).toEqual([])
})
