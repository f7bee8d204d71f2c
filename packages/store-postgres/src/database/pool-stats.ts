/** The connections of a store, for whoever watches a process. Counters only grow: a rate is the difference of two looks. */
export interface PoolStats {
  /** Connections at most: `poolSize`. */
  readonly size: number
  /** Connections that are open. */
  readonly open: number
  /** Of these: at work now. */
  readonly inUse: number
  /** Requests that wait for a connection now. */
  readonly waiting: number
  /** Requests that got a connection since the store was opened. */
  readonly requests: number
  /** How long all of them together waited for it, in milliseconds; also for new connections to be made. */
  readonly waitedMs: number
  readonly longestWaitMs: number
}

/** Counts how long connections are waited for. */
export class WaitMeter {
  #requests = 0
  #waitedMs = 0
  #longestWaitMs = 0

  /** Waits for a connection, and counts it unless there was none to be had. */
  async time<T>(connecting: Promise<T>): Promise<T> {
    const startedAt = performance.now()
    const connection = await connecting
    const waitedMs = performance.now() - startedAt
    this.#requests++
    this.#waitedMs += waitedMs
    this.#longestWaitMs = Math.max(this.#longestWaitMs, waitedMs)
    return connection
  }

  get stats(): Pick<PoolStats, 'requests' | 'waitedMs' | 'longestWaitMs'> {
    return { requests: this.#requests, waitedMs: this.#waitedMs, longestWaitMs: this.#longestWaitMs }
  }
}
