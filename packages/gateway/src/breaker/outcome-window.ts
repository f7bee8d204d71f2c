const windowMs = 30_000
const sliceMs = 3_000
const leastOutcomes = 10
const inRowEnough = 5

interface Slice {
  readonly from: number
  ok: number
  failed: number
}

/** Counts what one process saw of one target: whether it is time to open its breaker. */
export class OutcomeWindow {
  #slices: Slice[] = []
  #inRow = 0
  /** Of the failures in a row: the call of the first one, and whether there was another. */
  #firstCall: string | undefined
  #isOfSeveral = false

  succeeded(now: number): void {
    this.#endRow()
    this.#slice(now).ok++
  }

  failed(now: number, call: string): void {
    this.#inRow++
    this.#firstCall ??= call
    this.#isOfSeveral ||= this.#firstCall !== call
    this.#slice(now).failed++
  }

  /**
   * Half of at least ten outcomes in 30 seconds, or five in a row. One call alone is no row: it gets as many tries as it
   * was promised.
   */
  isIll(now: number): boolean {
    if (this.#inRow >= inRowEnough && this.#isOfSeveral) return true
    const { ok, failed } = this.count(now)
    return ok + failed >= leastOutcomes && failed >= ok
  }

  count(now: number): { readonly ok: number; readonly failed: number } {
    this.#forget(now)
    return this.#slices.reduce((sum, { ok, failed }) => ({ ok: sum.ok + ok, failed: sum.failed + failed }), {
      ok: 0,
      failed: 0,
    })
  }

  /** The breaker opened or closed: what was before says nothing about what comes. */
  clear(): void {
    this.#slices = []
    this.#endRow()
  }

  #endRow(): void {
    this.#inRow = 0
    this.#firstCall = undefined
    this.#isOfSeveral = false
  }

  #slice(now: number): Slice {
    const from = now - (now % sliceMs)
    const last = this.#slices.at(-1)
    if (last?.from === from) return last
    this.#forget(now)
    const slice = { from, ok: 0, failed: 0 }
    this.#slices.push(slice)
    return slice
  }

  #forget(now: number): void {
    // A clock that went back would keep slices of the future for ever.
    this.#slices = this.#slices.filter(({ from }) => from > now - windowMs - sliceMs && from <= now)
  }
}
