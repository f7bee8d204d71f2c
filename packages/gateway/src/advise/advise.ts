import { parsePico, type LedgerEntry, type Money, type Scope } from '@meepo/core'

import type { CallFacts } from '../books/facts.ts'
import type { PriceList } from '../prices/price-list.ts'
import type { Advice, AdviceContext, Finding, Rule } from './advice.ts'
import { Repricer } from './repricer.ts'
import { batchRule } from './rules/batch.ts'
import { cheaperEqualRule } from './rules/cheaper-equal.ts'
import { duplicatesRule } from './rules/duplicates.ts'
import { maxTokensRule } from './rules/max-tokens.ts'
import { prefixCacheRule } from './rules/prefix-cache.ts'
import { promoEndsRule } from './rules/promo-ends.ts'
import { retryWasteRule } from './rules/retry-waste.ts'
import { sizeCliffRule } from './rules/size-cliff.ts'

/** What advice is made of. */
export interface AdviseOptions {
  readonly prices: PriceList
  /** Milliseconds since 1970; `to` is not included. */
  readonly from: number
  readonly to: number
  /** Targets that are as good as another one, by that one: `{ 'openai:gpt-6-sol': ['azure:gpt-6-sol'] }`. */
  readonly equivalents?: Readonly<Record<string, readonly string[]>>
  /** Under which provider the price book knows a provider of the gateway. Default: its name. */
  readonly pricedAs?: (provider: string) => string
  /** What is less than this part of everything that was spent is not worth a word. Default 0.01. */
  readonly leastShare?: number
}

const monthMs = 30 * 86_400_000
const makeRules: readonly ((context: AdviceContext) => Rule)[] = [
  batchRule,
  prefixCacheRule,
  sizeCliffRule,
  cheaperEqualRule,
  maxTokensRule,
  retryWasteRule,
  duplicatesRule,
  promoEndsRule,
]

/** Looks at lines of the books, one after the other, and says at the end what to do; the most money first. */
export class Adviser {
  readonly #options: AdviseOptions
  readonly #rules: readonly Rule[]
  #spent = 0n

  constructor(options: AdviseOptions) {
    const { prices, from, to, pricedAs, equivalents = {} } = options
    this.#options = options
    const context = { repricer: new Repricer(prices, pricedAs), from, to, equivalents }
    this.#rules = makeRules.map((make) => make(context))
  }

  /** In the order in which they were booked. Corrections change what was spent, not what there is to see. */
  see(line: LedgerEntry): void {
    const { entry } = line
    const pico = parsePico(entry.cost.picoDollars ?? '0')
    this.#spent += pico
    if (line.kind === 'adjust') return
    // Written by the gateway; every fact is looked at as one that may be missing.
    const call = { line, entry, facts: (entry.facts ?? {}) as CallFacts, pico }
    for (const rule of this.#rules) rule.see(call)
  }

  advice(): readonly Advice[] {
    const { from, to, leastShare = 0.01 } = this.#options
    const least = (this.#spent * BigInt(Math.round(leastShare * 10_000))) / 10_000n
    return this.#rules
      .flatMap((rule) => rule.findings().map((finding) => ({ rule, finding })))
      .filter(({ finding: { pico } }) => pico > 0n && pico >= least)
      .toSorted((a, b) => (a.finding.pico > b.finding.pico ? -1 : 1))
      .map(({ rule, finding }) => adviceOf(rule, finding, from, to))
  }
}

/** Reads the ledger page by page and advises. */
export async function advise(
  money: Pick<Money, 'ledger'>,
  scope: Scope,
  options: AdviseOptions,
): Promise<readonly Advice[]> {
  const adviser = new Adviser(options)
  let after: number | undefined
  for (;;) {
    const filter = { since: options.from, until: options.to, ...(after === undefined ? {} : { after }) }
    const page = await money.ledger(scope, filter)
    for (const line of page) adviser.see(line)
    after = page.at(-1)?.cursor
    if (after === undefined) return adviser.advice()
  }
}

function adviceOf({ name }: Rule, finding: Finding, from: number, to: number): Advice {
  const { pico, where, ...rest } = finding
  const span = BigInt(Math.max(1, Math.round(to - from)))
  return {
    rule: name,
    ...rest,
    picoDollars: String(pico),
    picoDollarsPerMonth: String((pico * BigInt(monthMs)) / span),
    proof: `SELECT count(*) AS calls, sum(entry ->> '$.cost.picoDollars') AS pico_dollars FROM ledger WHERE kind = 'call' AND at >= ${from} AND at < ${to} AND ${where}`,
  }
}
