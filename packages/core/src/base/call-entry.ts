import type { ErrorData } from './errors.ts'
import type { JsonObject } from './json.ts'
import type { Usage } from './usage.ts'

/**
 * How a call of a provider ended. `interrupted`: after its answer began. `refused`: by a budget, nothing was sent.
 * `cached`, `shared`: answered without a call of its own. `unknown`: its process died, the provider may have billed it.
 */
export type CallOutcome =
  | 'ok'
  | 'failed'
  | 'interrupted'
  | 'aborted'
  | 'refused'
  | 'not_sent'
  | 'cached'
  | 'shared'
  | 'unknown'

/** What a call cost, as integer pico-dollars (1e-12 USD) in text. */
export interface CallCost {
  /**
   * `settled`: by the usage that the provider reported. `estimated`: by what was sent and delivered. `unknown`: the whole
   * reservation, until it is adjusted. `unpriced`: nobody knows a price. `zero`: nothing was billed.
   */
  readonly status: 'settled' | 'estimated' | 'unknown' | 'unpriced' | 'zero'
  /** Null when there is no price. */
  readonly picoDollars: string | null
  /** What the call would have cost without cache, sharing or batch. */
  readonly savedPicoDollars?: string
  /** The price card and its version: `openai:gpt-6-sol@2026-11-01`. */
  readonly card?: string
}

/** One line of the books: one call of a provider, with everything needed to price it again. */
export interface CallEntry {
  /** `provider:model` as it was asked for. */
  readonly target: string
  /** Which credential, by its label. */
  readonly key?: string
  /** The model that answered, by the provider's word. */
  readonly model?: string
  readonly outcome: CallOutcome
  readonly cost: CallCost
  readonly usage: Usage
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly durationMs: number
  readonly firstContentMs?: number
  /** Which try of the logical call, from 1. */
  readonly try: number
  readonly error?: Pick<ErrorData, 'code' | 'message'>
  /** What prices, reports and advice read besides: tier, region, raw usage, hashes of request and prefix, flags. */
  readonly facts?: JsonObject
}
