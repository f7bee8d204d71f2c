/** Where a follower takes its items from. `take` and `isOver` throw when following cannot go on. */
export interface Feed<T> {
  /** The next item, or undefined when there is none yet. */
  readonly take: () => T | undefined
  /** After `take` gave undefined: nothing will ever come. */
  readonly isOver: () => boolean
  /** Nobody takes any more. Called once. */
  readonly close: () => void
}

interface Waiter<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Iterates over a feed. `openFeed` gets a callback to call whenever there may be something to take. No async
 * generator, because `return()` of one waits for its pending `await`, here for an event that may never come.
 */
export function follow<T>(openFeed: (wake: () => void) => Feed<T>, signal: AbortSignal | undefined): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => new Follower(openFeed, signal) }
}

class Follower<T> implements AsyncIterator<T, undefined> {
  readonly #openFeed: (wake: () => void) => Feed<T>
  readonly #signal: AbortSignal | undefined
  readonly #waiters: Waiter<T>[] = []
  #feed: Feed<T> | undefined
  #isDone = false

  constructor(openFeed: (wake: () => void) => Feed<T>, signal: AbortSignal | undefined) {
    this.#openFeed = openFeed
    this.#signal = signal
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject })
      this.#start()
      this.#serve()
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#finish()
    return Promise.resolve({ done: true, value: undefined })
  }

  #start(): void {
    if (this.#feed || this.#isDone) return
    if (this.#signal?.aborted === true) return
    try {
      this.#feed = this.#openFeed(() => this.#serve())
      this.#signal?.addEventListener('abort', this.#finish)
    } catch (error) {
      this.#fail(error)
    }
  }

  #serve(): void {
    if (this.#isDone || !this.#feed) return this.#finish()
    try {
      while (!this.#isDone && this.#waiters.length > 0) {
        const item = this.#feed.take()
        if (item !== undefined) this.#waiters.shift()?.resolve({ done: false, value: item })
        else if (this.#feed.isOver()) this.#finish()
        else return
      }
    } catch (error) {
      this.#fail(error)
    }
  }

  #fail(error: unknown): void {
    this.#waiters.shift()?.reject(error)
    this.#finish()
  }

  readonly #finish = (): void => {
    if (!this.#isDone) {
      this.#isDone = true
      this.#signal?.removeEventListener('abort', this.#finish)
      this.#feed?.close()
    }
    for (const waiter of this.#waiters.splice(0)) waiter.resolve({ done: true, value: undefined })
  }
}
