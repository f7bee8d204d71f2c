/** A problem that was planted, as the review has to find it. */
export interface Planted {
  readonly path: string
  readonly rule: string
  readonly line: number
}

/** A source file under construction; knows where its problems are. */
export class Source {
  readonly path: string
  readonly planted: Planted[] = []
  readonly #lines: string[] = []

  constructor(path: string) {
    this.path = path
  }

  add(...lines: readonly string[]): this {
    this.#lines.push(...lines)
    return this
  }

  /** Adds lines of which the one at `at` is the problem. */
  plant(rule: string, lines: readonly string[], at: number = 0): this {
    this.planted.push({ path: this.path, rule, line: this.#lines.length + at + 1 })
    return this.add(...lines)
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`
  }
}
