import {
  noUsage,
  priceCall,
  seededRandom,
  type CallEntry,
  type LedgerEntry,
  type PriceBook,
  type PriceCard,
  type SeededRandom,
} from '@meepo/core'

import type { CallFacts } from '../src/books/facts.ts'
import { bucketsOf } from '../src/advise/repricer.ts'

/** Ten days of calls. */
export const from: number = Date.parse('2026-11-01T00:00:00Z')
export const to: number = Date.parse('2026-11-11T00:00:00Z')

const common = { aliases: [], version: '1', lastVerified: '2026-11-01' }
const sol: PriceCard = {
  ...common,
  provider: 'p',
  model: 'sol',
  periods: [
    {
      rates: { in: { text: 1_000 }, read: { text: 100 }, out: { text: 4_000 } },
      sizeTiers: [
        { at: 100_000, op: 'gt', rates: { in: { text: 5_000 }, read: { text: 500 }, out: { text: 20_000 } } },
      ],
      service: { batch: { factor: [1, 2] } },
    },
  ],
}
const opus: PriceCard = {
  ...common,
  provider: 'p',
  model: 'opus',
  periods: [
    {
      rates: { in: { text: 1_000 }, read: { text: 100 }, write: { m5: 1_250, h1: 2_000 }, out: { text: 4_000 } },
    },
  ],
}
const twin: PriceCard = {
  ...common,
  provider: 'q',
  model: 'sol',
  periods: [{ rates: { in: { text: 800 }, read: { text: 80 }, out: { text: 3_000 } } }],
}
const flash: PriceCard = {
  ...common,
  provider: 'p',
  model: 'flash',
  periods: [
    { to: '2027-01-01', rates: { in: { text: 100 }, out: { text: 400 } } },
    { from: '2027-01-01', rates: { in: { text: 200 }, out: { text: 800 } } },
  ],
}

/** Prices with everything that a rule looks for. */
export const book: PriceBook = {
  version: '1',
  verifiedAt: '2026-11-01',
  sources: ['a test'],
  cards: [sol, opus, twin, flash],
}

/** What a call is like; the rest is unremarkable. */
export interface Call {
  readonly model?: 'p:sol' | 'p:opus' | 'p:flash'
  readonly input?: number
  readonly output?: number
  readonly outcome?: CallEntry['outcome']
  readonly facts?: CallFacts
  readonly at?: number
  readonly agent?: string
  /** Nobody saw the answer arrive. */
  readonly isUnwatched?: true
}

/** Lines of a ledger, priced as the gateway does it. */
export class Ledger {
  readonly lines: LedgerEntry[] = []
  readonly random: SeededRandom

  constructor(seed: string) {
    this.random = seededRandom(seed)
  }

  /** Unremarkable calls: watched, all different, with a limit that fits. */
  addClean(count: number): void {
    for (let index = 0; index < count; index += 1) this.add({})
  }

  add({ model = 'p:sol', outcome = 'ok', facts = {}, agent = 'agent:writer', isUnwatched, ...given }: Call): CallEntry {
    const { input = 500 + this.#below(1_000), output = 300 + this.#below(200) } = given
    const at = given.at ?? from + this.#below(to - from - 1_000)
    const usage = { ...noUsage, input, output, calls: 1 }
    const card = book.cards.find(({ provider, model: name }) => `${provider}:${name}` === model)
    const bare: CallEntry = {
      target: model,
      outcome,
      cost: { status: 'settled', picoDollars: '0' },
      usage,
      startedAt: at,
      durationMs: 100,
      try: 1,
    }
    const priced = priceCall(card, bucketsOf(bare), { at, requestedTier: facts.requestedTier })
    const entry: CallEntry = {
      ...bare,
      cost: { status: 'settled', picoDollars: String(priced.total) },
      facts: {
        ...(isUnwatched ? {} : { isStreamed: true }),
        requestHash: `h${this.lines.length}`,
        maxOutputTokens: 800,
        ...facts,
      },
    }
    this.lines.push({
      id: `c${this.lines.length}`,
      at: at + 100,
      tenant: 'acme',
      scopes: ['tenant:acme', agent],
      kind: 'call',
      entry,
    })
    return entry
  }

  #below(limit: number): number {
    return Math.floor(this.random.next() * limit)
  }
}
