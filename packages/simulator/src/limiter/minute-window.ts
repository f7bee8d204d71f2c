const SECONDS = 60

/** A sum over the last minute, in steps of a second, and the highest it ever was. */
export class MinuteWindow {
  readonly #slots = new Float64Array(SECONDS)
  #second = 0
  #sum = 0
  #highest = 0

  /** The most that ever fell into one minute. */
  get highest(): number {
    return this.#highest
  }

  add(now: number, amount: number): void {
    this.#advance(Math.floor(now / 1000))
    const slot = this.#second % SECONDS
    this.#slots[slot] = (this.#slots[slot] ?? 0) + amount
    this.#sum += amount
    if (this.#sum > this.#highest) this.#highest = this.#sum
  }

  /** Forgets the seconds that are a minute old. A clock that goes back stays where it was. */
  #advance(second: number): void {
    const passed = Math.min(SECONDS, second - this.#second)
    for (let step = 1; step <= passed; step += 1) {
      const slot = (second - passed + step) % SECONDS
      this.#sum -= this.#slots[slot] ?? 0
      this.#slots[slot] = 0
    }
    if (passed > 0) this.#second = second
  }
}
