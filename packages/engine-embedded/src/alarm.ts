import type { Scheduler } from '@meepo/core'

/** How late it may ring after the clock was set forward, or the machine slept: timers do not run meanwhile. */
const lookMs = 60_000

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
    this.#at = at
    this.#wait(at)
  }

  stop(): void {
    this.#stopTimer?.()
  }

  #wait(at: number): void {
    this.#stopTimer?.()
    const left = at - this.#scheduler.now()
    const look = (): void => {
      if (this.#scheduler.now() < at) return this.#wait(at)
      this.#at = undefined
      this.#onRing()
    }
    this.#stopTimer = this.#scheduler.after(Math.min(lookMs, Math.max(0, left) + 1), look, true)
  }
}
