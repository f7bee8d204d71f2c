import type { LimitTally } from './counters.ts'
import { addTally, emptyTally } from './statistics.ts'

type Counting = { -readonly [field in keyof LimitTally]: LimitTally[field] }

/** Counts by limit what happened since the last time that it was told. */
export class Tallies {
  #tallies = new Map<string, Counting>()

  get isEmpty(): boolean {
    return this.#tallies.size === 0
  }

  request(limit: string): void {
    this.#of(limit).requests++
  }

  wait(limit: string, ms: number): void {
    const tally = this.#of(limit)
    tally.waits++
    tally.waitedMs += ms
    tally.longestWaitMs = Math.max(tally.longestWaitMs, ms)
  }

  refusal(limit: string): void {
    this.#of(limit).refusals++
  }

  throttle(limit: string): void {
    this.#of(limit).throttles++
  }

  /** What was counted; counting begins anew. */
  drain(): readonly LimitTally[] {
    const drained = [...this.#tallies.values()]
    this.#tallies = new Map()
    return drained
  }

  /** What could not be told. */
  putBack(tallies: readonly LimitTally[]): void {
    for (const tally of tallies) {
      this.#tallies.set(tally.limit, addTally(this.#tallies.get(tally.limit) ?? emptyTally(tally.limit), tally))
    }
  }

  #of(limit: string): Counting {
    let tally = this.#tallies.get(limit)
    if (tally === undefined) this.#tallies.set(limit, (tally = emptyTally(limit)))
    return tally
  }
}
