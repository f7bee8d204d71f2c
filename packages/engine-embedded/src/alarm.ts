import type { Scheduler } from '@meepo/core'

/** Rings at the earliest of the times it was set to. Does not keep the process alive: whoever waits is in the store. */
export class Alarm {
  readonly #scheduler: Scheduler
  readonly #onRing: () => void
  #at: number | undefined
  #stopTimer: (() => void) | undefined

  constructor(scheduler: Scheduler, onRing: () => void) {
    this.#scheduler = scheduler
    this.#onRing = onRing
  }

  /** Rings at that time at the latest; milliseconds since 1970. Undefined changes nothing. */
  set(at: number | undefined): void {
    if (at === undefined || (this.#at !== undefined && this.#at <= at)) return
    this.#stopTimer?.()
    this.#at = at
    const ring = (): void => {
      this.#at = undefined
      this.#onRing()
    }
    this.#stopTimer = this.#scheduler.after(Math.max(0, at - this.#scheduler.now()) + 1, ring, true)
  }

  stop(): void {
    this.#stopTimer?.()
  }
}
