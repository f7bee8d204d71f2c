import type { Scheduler } from '@meepo/core'

/** After one that took so long, timers and the network come first: our own beat may be due. */
const longMs = 10

/**
 * Whether this engine can be sure that its runs are its own. A process that was stopped for a while may have been taken
 * for dead, and others drive its runs: what it learned before it was stopped must not let it begin anything now. It
 * finds out by its next beat.
 */
export class Certainty {
  /** Tells whether the last beat is so young that nobody can have taken over. */
  isBeatFresh: () => boolean = () => true
  readonly #scheduler: Scheduler
  #held: (() => void)[] = []
  #isYielding = false

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /**
   * Calls back at once when this engine is sure, else after the next fresh beat, unless that tells that others took over.
   * Many that compute for long, one after the other, would keep the beat back: each lets it go before the next.
   */
  whenSure(then: () => void): void {
    if (!this.#isYielding && this.isBeatFresh()) this.#call(then)
    else this.#held.push(then)
  }

  /** A beat was taken. One that was sent before a pause tells nothing about now: then the next one does. */
  confirm(): void {
    const held = this.#held
    this.#held = []
    let called = 0
    for (const then of held) {
      if (this.#isYielding || !this.isBeatFresh()) break
      called++
      this.#call(then)
    }
    this.#held = [...held.slice(called), ...this.#held]
  }

  /** Others took over. */
  lose(): void {
    this.#held = []
  }

  #call(then: () => void): void {
    const since = this.#scheduler.elapsed()
    then()
    if (this.#isYielding || this.#scheduler.elapsed() - since < longMs) return
    this.#isYielding = true
    this.#scheduler.after(0, () => {
      this.#isYielding = false
      this.confirm()
    })
  }
}
