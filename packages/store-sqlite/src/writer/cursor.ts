import type { Batch } from '../protocol.ts'

/** Walks through a flat batch. What it finds was written by our own main thread, so a surprise is a bug. */
export class Cursor {
  readonly #values: Batch
  #next = 0

  constructor(values: Batch) {
    this.#values = values
  }

  get isAtEnd(): boolean {
    return this.#next >= this.#values.length
  }

  text(): string {
    const value = this.#values[this.#next++]
    if (typeof value !== 'string') throw new TypeError('a batch has a text here')
    return value
  }

  optionalText(): string | null {
    return this.#skipsNull() ? null : this.text()
  }

  number(): number {
    const value = this.#values[this.#next++]
    if (typeof value !== 'number') throw new TypeError('a batch has a number here')
    return value
  }

  optionalNumber(): number | null {
    return this.#skipsNull() ? null : this.number()
  }

  #skipsNull(): boolean {
    if (this.#values[this.#next] !== null) return false
    this.#next++
    return true
  }
}
