import type { LimitScope } from './limit.ts'
import type { LimitsView } from './counters.ts'
import type { RateHeaders } from './rate-headers.ts'

/** Which of several waiting calls of a tenant goes first. */
export type Priority = 'high' | 'normal' | 'low'

/** A call that needs a permit. */
export interface LimitedCall {
  /** Unique for each try of a call: the id of its permit. */
  readonly id: string
  readonly tenant: string
  readonly priority?: Priority
  /** Who and what the call is for. A limit whose scope is missing here does not apply. */
  readonly scopes: Readonly<Partial<Record<Exclude<LimitScope, 'global'>, string>>>
  /** Upper bounds. The output may be a guess: it is cut to what a bucket can hold. */
  readonly estimate: { readonly inputTokens: number; readonly outputTokens: number }
  /** Milliseconds since 1970. A call that would wait longer is refused. */
  readonly deadlineAt?: number
  /** Takes the call out of the queue; what it had taken is given back. */
  readonly signal?: AbortSignal
  /** Called at most once, as soon as it is known that the answer takes a while. Must not throw. */
  readonly onWait?: () => void
}

/** What a call used, as its limits count it: see `chargeFor`. What is left out is unknown and keeps its reservation. */
export interface Used {
  readonly inputTokens?: number
  readonly outputTokens?: number
}

/** The right to make one call. Must be ended by `settle` or `release`; the first of them counts. */
export interface Permit {
  readonly id: string
  /** How long the call waited for it. */
  readonly waitedMs: number
  /** The limit that let it go last. */
  readonly waitedFor?: string
  /** The call was sent: what it really used replaces its reservation. Never throws, does not wait. */
  settle(used: Used): void
  /** The call was not sent: everything is given back. Never throws, does not wait. */
  release(): void
  /** What the provider said about its limits, with any answer; `isThrottled` for 429. Before `settle`. */
  learn(headers: RateHeaders, isThrottled?: boolean): void
}

/** The gate in front of calls. */
export interface Limiter {
  /**
   * Resolves when every limit has room. Rejects with `limit.impossible` (larger than a limit ever allows),
   * `limit.queue_full`, `limit.exceeded` (no room before the deadline), the reason of the signal, or the error of the
   * counters when they cannot be reached. Whatever the error, nothing is left behind.
   */
  acquire(call: LimitedCall): Promise<Permit>
  /** Levels and statistics, with those of other processes where counters are shared. */
  inspect(): Promise<LimitsView>
  /** Refuses what waits and what comes, and tells the last statistics. Open permits can still be ended. */
  close(): Promise<void>
}
