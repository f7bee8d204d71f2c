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
 * Iterates over a feed. `openFeed` gets a callback that it calls whenever there may be something to take; nothing is
 * polled and nothing is buffered, so a slow consumer costs no memory. Written out instead of an async generator
 * because `return()` of a generator waits for its pending `await`, here for an event that may never come.
 */
export function followFeed<T>(openFeed: (wake: () => void) => Feed<T>, signal?: AbortSignal): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: () => createFollower(openFeed, signal) }
}

function createFollower<T>(
  openFeed: (wake: () => void) => Feed<T>,
  signal: AbortSignal | undefined,
): AsyncIterator<T, undefined> {
  const waiters: Waiter<T>[] = []
  let feed: Feed<T> | undefined
  let isDone = false

  const finish = (): void => {
    if (isDone) return
    isDone = true
    signal?.removeEventListener('abort', finish)
    feed?.close()
    for (const waiter of waiters.splice(0)) waiter.resolve({ done: true, value: undefined })
  }

  const serve = (): void => {
    while (!isDone && feed !== undefined && waiters.length > 0) {
      try {
        const item = feed.take()
        if (item !== undefined) waiters.shift()?.resolve({ done: false, value: item })
        else if (feed.isOver()) finish()
        else return
      } catch (error) {
        waiters.shift()?.reject(error)
        finish()
      }
    }
  }

  const start = (): void => {
    if (signal?.aborted === true) return finish()
    feed = openFeed(serve)
    signal?.addEventListener('abort', finish)
  }

  return {
    next: () =>
      new Promise((resolve, reject) => {
        try {
          if (feed === undefined && !isDone) start()
        } catch (error) {
          isDone = true
          reject(error)
          return
        }
        if (isDone) return resolve({ done: true, value: undefined })
        waiters.push({ resolve, reject })
        serve()
      }),
    return: () => {
      finish()
      return Promise.resolve({ done: true, value: undefined })
    },
  }
}
