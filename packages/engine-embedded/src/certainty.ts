/**
 * Whether this engine can be sure that its runs are its own. A process that was stopped for a while may have been taken
 * for dead, and others drive its runs: what it learned before it was stopped must not let it begin anything now. It
 * finds out by its next beat.
 */
export class Certainty {
  /** Tells whether the last beat is so young that nobody can have taken over. */
  isBeatFresh: () => boolean = () => true
  #held: (() => void)[] = []

  get isSure(): boolean {
    return this.isBeatFresh()
  }

  /** Calls back after the next fresh beat, unless that tells that others took over. */
  wait(then: () => void): void {
    this.#held.push(then)
  }

  /** A beat was taken. One that was sent before a pause tells nothing about now: then the next one does. */
  confirm(): void {
    if (!this.isSure) return
    for (const then of this.#held.splice(0)) then()
  }

  /** Others took over. */
  lose(): void {
    this.#held = []
  }
}
