/** Chance from a seed: the same seed, the same repository. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** A whole number from 0, below `below`. */
  next(below: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    // The low bits of such a sequence repeat early.
    return (this.#state >>> 8) % below
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items]
    return items.flatMap(() => rest.splice(this.next(rest.length), 1))
  }
}
