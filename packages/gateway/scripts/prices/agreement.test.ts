// Our calculator and book against those of both sources, on 10,000 random calls. The exceptions are the documented ones of
// docs/reference/prices.md, and each must really differ: an exception that is not needed fails as well.
import { readFileSync } from 'node:fs'
import { calcPrice } from '@pydantic/genai-prices'
import {
  checkPriceBook,
  emptyBuckets,
  inputTokens,
  priceCall,
  seededRandom,
  type PriceCard,
  type SizeTier,
  type UsageBuckets,
} from '@meepo/core'
import { shippedPrices } from '@meepo/gateway'
import { beforeAll, expect, test } from 'vitest'
import { buildBook } from './build-book.ts'
import { readPiAi, type PiAiModel } from './pi-ai.ts'
import { believed, providers } from './rules.ts'

const runs = 10_000
let cards: readonly PriceCard[]
beforeAll(async () => {
  cards = checkPriceBook(await shippedPrices()).cards
})

const random = seededRandom('prices')
const upTo = (most: number): number => Math.floor(random.next() * (most + 1))
const oneOf = <T>(list: readonly T[]): T => list[upTo(list.length - 1)]!

/** Around the sizes of tiers on purpose, also exactly at them. */
function randomUsage(card: PriceCard): UsageBuckets {
  const sizes = [1_000, 100_000, 128_000, 199_999, 200_000, 200_001, 271_999, 272_000, 272_001, 900_000]
  const total = random.next() < 0.5 ? oneOf(sizes) : upTo(400_000)
  const { read, write, out } = card.periods[0]!.rates
  const cached = read?.text === undefined ? 0 : upTo(total)
  const written = write === undefined ? 0 : upTo(total - cached)
  const long = write?.h1 === undefined ? 0 : upTo(written)
  const short = written - long
  return {
    ...emptyBuckets,
    in: { text: total - cached - written },
    read: { text: cached },
    write: card.provider === 'anthropic' ? { m5: short, h1: long } : { other: short },
    out: out ? { text: upTo(5_000), reasoning: upTo(5_000) } : {},
  }
}

/** Random moments of the two years in which periods of the book begin and end. */
function randomMoment(): number {
  return Date.parse('2026-01-01') + upTo(2 * 365 * 86_400) * 1_000
}

function differs(ours: number, theirs: number): boolean {
  // Theirs are floats.
  return Math.abs(ours - theirs) > 1e-9 + theirs * 1e-9
}

test('the committed book is the one that its sources and rules make', () => {
  const { book, conflicts } = buildBook()
  expect(conflicts).toEqual([])
  expect(cards).toEqual(book.cards)
})

/** Cards on which genai-prices says something else, and why ours is kept. */
const otherThanGenai: Readonly<Record<string, string>> = {
  'anthropic/claude-sonnet-5-5': 'it has no such model and takes claude-sonnet-5 for its beginning',
  'deepseek/deepseek-v4-flash': 'it applies the dear hours to days before they were introduced',
  'deepseek/deepseek-v4-pro': 'it applies the dear hours to days before they were introduced',
  'groq/openai/gpt-oss-safeguard-20b': 'rules.ts believes pi-ai',
  'mistral/codestral-latest': 'it has no price for cache reads, pi-ai has',
  'mistral/mistral-large-latest': 'rules.ts believes pi-ai',
  'mistral/mistral-small-latest': 'rules.ts believes pi-ai',
  'mistral/open-mistral-nemo': 'it has no price for cache reads, pi-ai has',
  'mistral/pixtral-12b': 'it has no price for cache reads, pi-ai has',
}

test('10,000 random calls cost what genai-prices says', { timeout: 60_000 }, () => {
  const differing = new Set<string>()
  for (let compared = 0; compared < runs;) {
    const card = oneOf(cards)
    const usage = randomUsage(card)
    const at = randomMoment()
    const theirs = genaiPrice(card, usage, at)
    // Models that are newer than its release.
    if (theirs === undefined) continue
    compared++
    const ours = Number(priceCall(card, usage, { at }).total) / 1e12
    if (differs(ours, theirs)) differing.add(`${card.provider}/${card.model}`)
  }
  expect([...differing].toSorted()).toEqual(Object.keys(otherThanGenai))
})

/** Cards on which pi-ai says something else, and why ours is kept. */
const otherThanPiAi: Readonly<Record<string, string>> = {
  'anthropic/claude-sonnet-4-5': 'rules.ts believes genai-prices',
  'deepseek/deepseek-v4-pro': 'rules.ts believes genai-prices',
  'mistral/labs-devstral-small-2512': 'rules.ts believes genai-prices',
  'mistral/mistral-medium-3.5': 'it holds 0 for cache reads that it does not know',
}

test('10,000 random calls cost what pi-ai says', { timeout: 60_000 }, () => {
  const { tables } = readPiAi()
  const rows = cards.flatMap((card) => {
    const row = tables[card.provider]?.find(({ id }) => id === card.model)
    return row ? [{ card, row }] : []
  })
  const differing = new Set<string>()
  const atTier = new Set<string>()
  for (let run = 0; run < runs; run++) {
    const { card, row } = oneOf(rows)
    const usage = randomUsage(card)
    const ours = Number(priceCall(card, usage, { at: Date.parse('2026-11-10T12:00:00Z') }).total) / 1e12
    if (!differs(ours, piAiPrice(row, usage))) continue
    const name = `${card.provider}/${card.model}`
    if (isAtInclusiveTier(card, usage)) atTier.add(name)
    else differing.add(name)
  }
  expect([...differing].toSorted()).toEqual(Object.keys(otherThanPiAi))
  // It knows no tier that begins at its size, only above.
  const inclusive = rows.filter(({ card }) => tiersOf(card).some(({ op }) => op === 'gte'))
  expect([...atTier].toSorted()).toEqual(inclusive.map(({ card }) => `${card.provider}/${card.model}`).toSorted())
})

test('every exception is documented', () => {
  const page = readFileSync(new URL('../../../../docs/reference/prices.md', import.meta.url), 'utf8')
  const names = [...Object.keys(otherThanGenai), ...Object.keys(otherThanPiAi), ...Object.keys(believed)]
  const models = names.map((name) => name.slice(name.indexOf('/') + 1))
  expect(models.filter((model) => !page.includes(model))).toEqual([])
})

function tiersOf(card: PriceCard): readonly SizeTier[] {
  return card.periods.flatMap(({ sizeTiers = [] }) => sizeTiers)
}

function isAtInclusiveTier(card: PriceCard, usage: UsageBuckets): boolean {
  return tiersOf(card).some(({ at, op }) => op === 'gte' && at === inputTokens(usage))
}

function genaiPrice(card: PriceCard, usage: UsageBuckets, at: number): number | undefined {
  const { out, read, write } = usage
  const counts = {
    input_tokens: inputTokens(usage),
    cache_read_tokens: read.text ?? 0,
    cache_write_tokens: (write.m5 ?? 0) + (write.h1 ?? 0) + (write.other ?? 0),
    ...(write.h1 ? { cache_write_1h_tokens: write.h1 } : {}),
    output_tokens: (out.text ?? 0) + (out.reasoning ?? 0),
  }
  const providerId = providers.find(({ name }) => name === card.provider)!.genai
  return calcPrice(counts, card.model, { providerId, timestamp: new Date(at) })?.total_price
}

/** The arithmetic of the package, which cannot be installed: dollars for a million tokens, the highest tier passed. */
function piAiPrice({ cost }: PiAiModel, usage: UsageBuckets): number {
  const rates = cost.tiers?.findLast(({ inputTokensAbove }) => inputTokens(usage) > inputTokensAbove) ?? cost
  const { in: input, read, write, out } = usage
  const short = (write.m5 ?? 0) + (write.other ?? 0)
  return (
    (rates.input * ((input.text ?? 0) + 2 * (write.h1 ?? 0)) +
      rates.cacheRead * (read.text ?? 0) +
      rates.cacheWrite * short +
      rates.output * ((out.text ?? 0) + (out.reasoning ?? 0))) /
    1e6
  )
}
