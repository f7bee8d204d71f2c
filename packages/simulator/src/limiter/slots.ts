import type { BucketReport } from './bucket.ts'
import type { LimitState } from './limit-state.ts'

/** How many requests may be open at once. */
export class Slots {
  readonly #limit: number
  #open = 0
  #highestAdmitted = 0
  #highestSeen = 0
  #refused = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  get isFull(): boolean {
    return this.#open >= this.#limit
  }

  see(): void {
    this.#highestSeen = Math.max(this.#highestSeen, this.#open + 1)
  }

  refuse(): void {
    this.#refused += 1
  }

  take(): void {
    this.#open += 1
    this.#highestAdmitted = Math.max(this.#highestAdmitted, this.#open)
  }

  release(): void {
    this.#open -= 1
  }

  state(): LimitState {
    const remaining = Math.max(0, this.#limit - this.#open)
    return { unit: 'concurrency', limit: this.#limit, remaining, resetMs: 0 }
  }

  report(): BucketReport {
    return {
      unit: 'concurrency',
      limit: this.#limit,
      highestAdmitted: this.#highestAdmitted,
      highestSeen: this.#highestSeen,
      refused: this.#refused,
    }
  }
}
