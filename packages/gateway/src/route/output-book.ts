const unknownOutput = 500
const weight = 0.1

/** How long the answers of each name usually are. */
export class OutputBook {
  readonly #averages = new Map<string, number>()

  answered(name: string, outputTokens: number): void {
    const average = this.#averages.get(name)
    this.#averages.set(name, average === undefined ? outputTokens : average + weight * (outputTokens - average))
  }

  expected(name: string): number {
    return this.#averages.get(name) ?? unknownOutput
  }
}
