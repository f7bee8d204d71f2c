/** What a source has for its follower now. */
export interface Page<T> {
  readonly items: readonly T[]
  /** There may be more at once; else the follower waits until it is woken. */
  readonly isBehind: boolean
  /** Nothing will ever come behind these items. */
  readonly isOver: boolean
}

/** Where a follower takes its items from. */
export interface Source<T> {
  /** What comes next. Called when somebody waits for it, one call at a time. Rejects when following cannot go on. */
  read(): Promise<Page<T>>
  /** Nobody takes any more. Called once, also when nobody ever took. */
  close(): void
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Iterates over a source. Written out instead of an async generator because `return()` of one waits for its pending
 * `await`, here for an event that may never come.
 */
export class Follower<T> implements AsyncIterator<T, undefined> {
  readonly #source: Source<T>
  readonly #signal: AbortSignal | undefined
  readonly #waiters: Waiter<T>[] = []
  #items: readonly T[] = []
  #next = 0
  #isBehind = true
  #isReading = false
  #isOver = false
  #isDone = false

  constructor(source: Source<T>, signal: AbortSignal | undefined) {
    this.#source = source
    this.#signal = signal
    signal?.addEventListener('abort', this.#finish)
    if (signal?.aborted === true) this.#finish()
  }

  /** There may be more to read. */
  wake(): void {
    this.#isBehind = true
    this.#serve()
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#serve()
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#finish()
    return Promise.resolve({ done: true, value: undefined })
  }

  #serve(): void {
    while (!this.#isDone && this.#waiters.length > 0 && this.#next < this.#items.length) {
      const value = this.#items[this.#next++]
      // Within the bounds of the array.
      this.#waiters.shift()?.resolve({ done: false, value: value as T })
    }
    if (this.#isDone || (this.#next >= this.#items.length && this.#isOver)) return this.#finish()
    if (this.#waiters.length > 0 && this.#isBehind && !this.#isReading) void this.#read()
  }

  /** Never rejects. */
  async #read(): Promise<void> {
    this.#isReading = true
    this.#isBehind = false
    try {
      const { items, isBehind, isOver } = await this.#source.read()
      this.#items = items
      this.#next = 0
      this.#isBehind ||= isBehind
      this.#isOver = isOver && !this.#isBehind
    } catch (error) {
      this.#waiters.shift()?.reject(error)
      this.#finish()
    }
    this.#isReading = false
    this.#serve()
  }

  readonly #finish = (): void => {
    if (!this.#isDone) {
      this.#isDone = true
      this.#signal?.removeEventListener('abort', this.#finish)
      this.#source.close()
    }
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined })
  }
}
