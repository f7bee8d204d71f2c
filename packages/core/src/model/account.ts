import type { CallEntry } from '../base/call-entry.ts'

/** A call of a provider that is about to be sent. */
export interface CallIntent {
  /** Unique; travels as a header. */
  readonly id: string
  /** `provider:model`. */
  readonly target: string
  readonly key?: string
  /** Which try of the logical call, from 1. */
  readonly try: number
  /** The most it can cost, in pico-dollars; null when there is no price. */
  readonly picoDollars: bigint | null
  /** The least money that makes the call useful: with less it is refused. At most `picoDollars`. */
  readonly atLeast: bigint
  /** What a call without a price is taken to cost where a budget says `assume_ceiling`. */
  readonly ceiling?: bigint
}

/** Which budget said no, and when to come back. */
export interface BudgetRefusal {
  /** The budget's name. */
  readonly budget: string
  /** Whose: `tenant:acme`, `user:bob`, `run:r1`. */
  readonly scope: string
  /** Pico-dollars as text. */
  readonly limit: string
  readonly left: string
  /** Milliseconds since 1970; absent for budgets that never start anew. */
  readonly resetsAt?: number
  /** It refuses calls without a price. */
  readonly isUnpriced?: true
  /** It would rather have a cheaper model than no answer. */
  readonly mayDegrade?: true
}

/** The answer to an intent: how much was set aside (less than asked for is possible), or who refused. */
export type CallGrant =
  | { readonly kind: 'granted'; readonly picoDollars: bigint | null }
  | ({ readonly kind: 'refused' } & BudgetRefusal)

/** Who pays for calls. A run provides one per attempt; callers outside of runs make one of a store. */
export interface CallAccount {
  readonly tenant: string
  /** Widest first: `tenant:acme`, `user:bob`, `session:s1`, `agent:planner`, `workflow:erp`, `run:r1`, `run:c2`, `tag:team=x`. */
  readonly scopes: readonly string[]
  /** Announces a call. Its intent and the reservation are durable, together, when this resolves; only then it may leave. */
  open(intent: CallIntent): Promise<CallGrant>
  /**
   * Books how a call ended, exactly once per id, and gives back what was set aside. Durable with the next write; a call that
   * was never opened (a cache hit) is booked as well.
   */
  settle(callId: string, entry: CallEntry): void
  /** The call waits in a queue for `what`; absent: it goes on. Waiting is no active time of the run. */
  waiting(what?: string): void
}
