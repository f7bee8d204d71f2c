import { seededRandom } from '@meepo/core'

/** All chance of one part of a simulation. Parts have streams of their own, so that one does not move another. */
export class Chance {
  readonly seed: string
  readonly #next: () => number

  constructor(seed: string) {
    this.seed = seed
    const stream = seededRandom(seed)
    this.#next = () => stream.next()
  }

  /** A stream of its own for a part. */
  part(name: string): Chance {
    return new Chance(`${this.seed}/${name}`)
  }

  /** In [0, 1). */
  next(): number {
    return this.#next()
  }

  /** A whole number below `count`. */
  below(count: number): number {
    return Math.floor(this.#next() * count)
  }

  between(from: number, to: number): number {
    return from + this.#next() * (to - from)
  }

  happens(share: number): boolean {
    return this.#next() < share
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[this.below(values.length)] ?? values[0]
  }
}
