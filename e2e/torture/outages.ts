interface Outage {
  readonly from: number
  to: number
}

/** A moment after the server is back: connections that broke are noticed when they are used. */
const slackMs = 1_500

/** When the database was away. Whatever is asked for then may fail, and nobody may know whether it was done. */
export class Outages {
  readonly #all: Outage[] = []

  get count(): number {
    return this.#all.length
  }

  async during(work: () => Promise<void>): Promise<void> {
    const outage: Outage = { from: Date.now(), to: Infinity }
    this.#all.push(outage)
    await work()
    outage.to = Date.now() + slackMs
  }

  /** Whether a request that failed at that moment may have failed because of it. */
  covers(at: number): boolean {
    return this.#all.some(({ from, to }) => at >= from && at <= to)
  }
}
