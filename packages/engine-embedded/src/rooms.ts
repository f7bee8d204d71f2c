/** Counts the runs that do something. F1: a waiting run takes no room. */
export class Rooms {
  readonly #most: number
  #taken = 0
  #isClosed = false
  /** For the moment there is no room. */
  isPaused = false

  constructor(most: number) {
    this.#most = most
  }

  /** For how many more there is room. */
  get left(): number {
    return this.#isClosed || this.isPaused ? 0 : Math.max(0, this.#most - this.#taken)
  }

  /** Also beyond what is left: who was in memory all along may go on. */
  take(count = 1): void {
    this.#taken += count
  }

  /** False when there is none. */
  takeOne(): boolean {
    if (this.left === 0) return false
    this.take()
    return true
  }

  giveBack(count = 1): void {
    this.#taken -= count
  }

  /** Everybody left at once. */
  clear(): void {
    this.#taken = 0
  }

  /** From now on there is no room. */
  close(): void {
    this.#isClosed = true
  }
}
