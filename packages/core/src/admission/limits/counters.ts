import type { LimitCounts } from './limit.ts'
import type { Priority } from './limiter.ts'
import type { RateHeaders } from './rate-headers.ts'
import type { Rule } from './rule.ts'

/** One bucket that a request needs, and how much of it: whole requests, tokens or slots. */
export interface Ask {
  readonly rule: Rule
  /** Which of the buckets of the rule; `''` for a global one. */
  readonly value: string
  readonly amount: number
}

/** A request for a permit. */
export interface TakeRequest {
  /** The id of the permit to be. A request that is sent twice is granted once. */
  readonly id: string
  readonly asks: readonly Ask[]
  /** Refused while this pair of key and model cools down. */
  readonly cooldown?: string
  /** Set where several processes share the counters: they grant in a fair order. */
  readonly turn?: Turn
}

/** Whose turn a request is. */
export interface Turn {
  readonly tenant: string
  /** Its share among tenants; more than 0. */
  readonly weight: number
  readonly priority: Priority
  /** It asks again when it is refused: room is kept for it when its turn has come. */
  readonly comesAgain: boolean
  /** How many more of its tenant and priority wait in this process, beside those that are asked for with it. */
  readonly behind: number
  /** The bucket that refused it before. */
  readonly waitsFor?: { readonly limit: string; readonly value: string }
}

/** Nothing was consumed. */
export interface Refusal {
  readonly kind: 'refused'
  /** `impossible`: it asks for more than the bucket ever holds, and waiting does not help. */
  readonly why: 'rate' | 'concurrent' | 'cooldown' | 'impossible'
  /** The name of the limit that binds; for a cooldown its key. */
  readonly limit: string
  /** Which bucket of it. */
  readonly value: string
  /**
   * When it is granted if nothing else happens: not a millisecond earlier. For slots that is the end of the earliest
   * lease, the last moment at which one becomes free. 0 when it is impossible.
   */
  readonly retryAfterMs: number
}

/** The answer to a request. */
export type TakeOutcome = { readonly kind: 'granted' } | Refusal

/** How a permit that was sent ended. */
export interface PermitSettlement {
  /** The id of the permit. */
  readonly id: string
  /** What it really used of each, by what the limits count. What is left out keeps its reservation. */
  readonly actual: Readonly<Partial<Record<LimitCounts, number>>>
}

/** What the provider said while a permit was open. */
export interface Lesson {
  /** The id of the permit. */
  readonly id: string
  readonly headers: RateHeaders
  /** The provider refused the call: 429. */
  readonly isThrottled: boolean
  readonly cooldown?: string
}

/** The process that holds permits. It is alive while it beats; when its time is over, its slots are free. */
export interface Holder {
  readonly id: string
  readonly ttlMs: number
}

/** What a limiter counted for one limit since it last told. */
export interface LimitTally {
  readonly limit: string
  /** Calls that asked it. */
  readonly requests: number
  /** Calls that were granted after waiting for it, the sum of their waits, and the longest. */
  readonly waits: number
  readonly waitedMs: number
  readonly longestWaitMs: number
  /** Calls that went without: no time, no room in the queue, too large. */
  readonly refusals: number
  /** 429 of the provider on calls that it let through. */
  readonly throttles: number
}

/** How many calls wait now for a bucket of a limit. */
export interface Waiting {
  readonly limit: string
  readonly tenant: string
  readonly count: number
}

/** What a limiter tells with its beat. */
export interface LimiterReport {
  readonly tallies: readonly LimitTally[]
  readonly waiting: readonly Waiting[]
}

/** One bucket as it is now. */
export interface BucketView {
  readonly limit: string
  readonly value: string
  readonly counts: LimitCounts
  readonly capacity: number
  /** What could be taken now; negative while there is debt. For `concurrent` the free slots. */
  readonly available: number
  /** Reserved by open permits. */
  readonly open: number
  /** Percent of the configured rate after the provider refused calls; 100 when undisturbed. */
  readonly percent: number
}

/** Everything that `meepo limits` shows. */
export interface LimitsView {
  readonly buckets: readonly BucketView[]
  readonly tallies: readonly LimitTally[]
  readonly waiting: readonly Waiting[]
  /** Pairs of key and model that cool down, and for how long still. */
  readonly cooldowns: readonly { readonly key: string; readonly leftMs: number }[]
}

/**
 * Where the levels of limits live: in this process, or in a store that several processes share. Time is that of the
 * implementation, never that of the caller. Everything is idempotent by the id of the permit, so an answer that was
 * lost may be asked for again. Answers at once where it can; a promise rejects only when the store cannot be reached.
 */
export interface Counters {
  /** Others change the levels too: whoever waits looks again after this time. Undefined when nobody else does. */
  readonly pollMs: number | undefined
  /**
   * Decides each request whole: everything that it asks for, or nothing. The requests of one call are in the order of
   * their right: once one is refused by a bucket, later ones of the same call that need this bucket are refused too.
   *
   * Requests with a `turn` are decided in a fair order among all processes instead: what a bucket has is kept for those
   * whose turn comes first, as long as they ask again and the bucket is not full.
   */
  take(holder: Holder, requests: readonly TakeRequest[]): readonly TakeOutcome[] | Promise<readonly TakeOutcome[]>
  /** Ends permits that were sent. Less than reserved is given back, more becomes debt. Unknown ids are ignored. */
  settle(settlements: readonly PermitSettlement[]): void | Promise<void>
  /** Ends permits that were never sent: everything is given back. Unknown ids are ignored. */
  release(ids: readonly string[]): void | Promise<void>
  /** Lowers levels by what providers said. Never raises one. Unknown ids only set cooldowns. */
  learn(lessons: readonly Lesson[]): void | Promise<void>
  /** Keeps the permits of the holder and adds to the statistics. */
  beat(holder: Holder, report: LimiterReport): void | Promise<void>
  /** The holder ends: its permits end as if its time were over. */
  leave(holder: Holder, report: LimiterReport): void | Promise<void>
  inspect(): LimitsView | Promise<LimitsView>
}
