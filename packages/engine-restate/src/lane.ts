/** Lets only so many calls go on at a time; the others wait in the order in which they came. */
export class Lane {
  #left: number
  readonly #waiting: (() => void)[] = []

  constructor(width: number) {
    this.#left = width
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#left > 0) this.#left--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#left++
    }
  }
}
