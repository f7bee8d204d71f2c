import type { LimitCounts } from './limit.ts'

/** What a provider told about one of its limits. */
export interface RateWindow {
  readonly counts: Exclude<LimitCounts, 'concurrent'>
  readonly limit?: number
  readonly remaining: number
  /** Until the limit is full again. */
  readonly resetMs?: number
}

/** What a provider told with an answer. Empty when it told nothing that makes sense. */
export interface RateHeaders {
  /** Not before this time. */
  readonly retryAfterMs?: number
  readonly windows: readonly RateWindow[]
}
