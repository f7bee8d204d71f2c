/** What a limit counts. */
export type LimitUnit = 'requests' | 'tokens' | 'input-tokens' | 'output-tokens' | 'concurrency'

/** A limit as one key and model see it now. */
export interface LimitState {
  readonly unit: LimitUnit
  /** Per minute; for concurrency, at once. */
  readonly limit: number
  readonly remaining: number
  /** Until it is full again. */
  readonly resetMs: number
}
