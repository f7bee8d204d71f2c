import type { LimitState, LimitUnit } from './limit-state.ts'
import { MinuteWindow } from './minute-window.ts'

const MINUTE_MS = 60_000

/** What one bucket saw so far. */
export interface BucketReport {
  readonly unit: LimitUnit
  /** Per minute; for concurrency, at once. */
  readonly limit: number
  /** The most that was let through in one minute; for concurrency, at once. Tokens count when they were used. */
  readonly highestAdmitted: number
  /** The same with what was refused. For tokens, what requests were expected to use. */
  readonly highestSeen: number
  /** How many requests this bucket refused. */
  readonly refused: number
}

/** A token bucket that may go into debt: what a request really used is known after it was let through. */
export class Bucket {
  readonly unit: LimitUnit
  readonly #limit: number
  readonly #capacity: number
  readonly #admitted = new MinuteWindow()
  readonly #seen = new MinuteWindow()
  #level: number
  #updatedAt: number
  #refused = 0

  constructor(unit: LimitUnit, perMinute: number, burst: number, now: number) {
    this.unit = unit
    this.#limit = perMinute
    this.#capacity = burst
    this.#level = burst
    this.#updatedAt = now
  }

  /** 0 when so much may pass now, else the time until it may. More than fits waits for a full bucket. */
  waitFor(amount: number, now: number): number {
    this.#refill(now)
    const missing = Math.min(amount, this.#capacity) - this.#level
    return missing <= 0 ? 0 : (missing * MINUTE_MS) / this.#limit
  }

  see(amount: number, now: number): void {
    this.#seen.add(now, amount)
  }

  refuse(): void {
    this.#refused += 1
  }

  /** Takes, or with a negative amount gives back, without asking. */
  take(amount: number, now: number): void {
    this.#refill(now)
    this.#level = Math.min(this.#capacity, this.#level - amount)
  }

  /** Counts what really passed. */
  count(amount: number, now: number): void {
    this.#admitted.add(now, amount)
  }

  state(now: number): LimitState {
    this.#refill(now)
    return {
      unit: this.unit,
      limit: this.#limit,
      remaining: Math.max(0, Math.floor(this.#level)),
      resetMs: ((this.#capacity - this.#level) * MINUTE_MS) / this.#limit,
    }
  }

  report(): BucketReport {
    return {
      unit: this.unit,
      limit: this.#limit,
      highestAdmitted: this.#admitted.highest,
      highestSeen: this.#seen.highest,
      refused: this.#refused,
    }
  }

  #refill(now: number): void {
    if (now <= this.#updatedAt) return
    this.#level = Math.min(this.#capacity, this.#level + ((now - this.#updatedAt) * this.#limit) / MINUTE_MS)
    this.#updatedAt = now
  }
}
