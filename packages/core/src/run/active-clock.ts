import type { Scheduler } from '../base/ports.ts'

/** Sums the time in which at least one body of a run is open. */
export class ActiveClock {
  readonly #scheduler: Scheduler
  #ms: number
  #open = 0
  #since = 0

  constructor(scheduler: Scheduler, ms: number) {
    this.#scheduler = scheduler
    this.#ms = ms
  }

  get isRunning(): boolean {
    return this.#open > 0
  }

  start(): void {
    if (this.#open++ === 0) this.#since = this.#scheduler.elapsed()
  }

  stop(): void {
    if (--this.#open === 0) this.#ms += this.#scheduler.elapsed() - this.#since
  }

  /** The sum so far. */
  ms(): number {
    return this.#open > 0 ? this.#ms + this.#scheduler.elapsed() - this.#since : this.#ms
  }
}
