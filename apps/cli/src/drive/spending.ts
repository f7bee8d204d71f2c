import type { Balance, RunId, Store } from '@meepo/core'

const lookMs = 500

/** Keeps looking at what a run and everything below it spent, while somebody is shown it. */
export class SpendingWatch {
  readonly #store: Store
  readonly #key: string
  readonly #timer: NodeJS.Timeout
  #latest: Balance | undefined
  #isAsking = false

  constructor(store: Store, runId: RunId) {
    this.#store = store
    this.#key = `run:${runId}`
    this.#timer = setInterval(() => void this.look(), lookMs)
    this.#timer.unref()
  }

  get latest(): Balance | undefined {
    return this.#latest
  }

  /** What it is now; what it was when the store cannot tell. */
  async look(): Promise<Balance | undefined> {
    if (this.#isAsking) return this.#latest
    this.#isAsking = true
    try {
      const [balance] = await this.#store.money.balances([this.#key])
      this.#latest = balance
    } catch {
      // It is shown beside the run: a store that fails is told by the run.
    } finally {
      this.#isAsking = false
    }
    return this.#latest
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
