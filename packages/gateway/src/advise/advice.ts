import type { CallEntry, JsonObject, LedgerEntry } from '@meepo/core'

import type { CallFacts } from '../books/facts.ts'
import type { Repricer } from './repricer.ts'

/** What can be advised. */
export type AdviceRule =
  | 'batch'
  | 'prefix-cache'
  | 'size-cliff'
  | 'cheaper-equal'
  | 'max-tokens'
  | 'retry-waste'
  | 'duplicates'
  | 'promo-ends'

/** What the money of an advice is: no longer spent, no longer set aside for nothing, or soon spent besides. */
export type AdviceEffect = 'saves' | 'frees' | 'rises'

/** Something to do, with the money that the books show for it. Advices may overlap: their amounts do not add up. */
export interface Advice {
  readonly rule: AdviceRule
  /** What it is about: `provider:model`, with the prefix where there is one. */
  readonly subject: string
  /** What to do, one sentence. */
  readonly advice: string
  readonly effect: AdviceEffect
  /** Pico-dollars as text: in the time that was looked at, and for a month of 30 days like it. */
  readonly picoDollars: string
  readonly picoDollarsPerMonth: string
  /** How many lines of the books show it. */
  readonly calls: number
  readonly evidence: JsonObject
  /** A query of a SQLite store that shows these lines and what they cost. */
  readonly proof: string
}

/** What rules look at. */
export interface AdviceContext {
  readonly repricer: Repricer
  /** Milliseconds since 1970; `to` is not included. */
  readonly from: number
  readonly to: number
  /** Other targets that are as good, by target: `{ 'openai:gpt-6-sol': ['azure:gpt-6-sol'] }`. */
  readonly equivalents: Readonly<Record<string, readonly string[]>>
}

/** A call of the books, read. */
export interface BookedCall {
  readonly line: LedgerEntry
  readonly entry: CallEntry
  readonly facts: CallFacts
  /** What it was booked with; 0 without a price. */
  readonly pico: bigint
}

/** What a rule found, before it is put into words for all. */
export interface Finding {
  readonly subject: string
  readonly advice: string
  readonly effect: AdviceEffect
  readonly pico: bigint
  readonly calls: number
  readonly evidence: JsonObject
  /** The part of the query that picks the lines. */
  readonly where: string
}

/** One rule: looks at every call in the order of the books, and tells at the end. Holds sums, never all lines. */
export interface Rule {
  readonly name: AdviceRule
  see(call: BookedCall): void
  findings(): readonly Finding[]
}
