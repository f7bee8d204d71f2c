/** Which limit of time a call passed. */
export type Expiry = 'answer' | 'content' | 'idle'

/**
 * Ends a call from outside: on the caller's abort, or when time is up. One controller and one timer for a call, and
 * nothing stays on the caller's signal afterwards.
 */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #caller: AbortSignal
  readonly #onAbort: () => void
  /** Ends the race that is on, if one is. */
  #end: ((reason: unknown) => void) | undefined
  #reason: { readonly value: unknown } | undefined
  #timer: NodeJS.Timeout | undefined
  /** Set once a limit was passed. */
  expired: Expiry | undefined

  constructor(caller: AbortSignal, timeoutMs: number) {
    this.#caller = caller
    this.#onAbort = () => this.#stop(caller.reason)
    caller.addEventListener('abort', this.#onAbort, { once: true })
    this.limit('answer', timeoutMs)
  }

  /** What the request listens to. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Replaces the limit in force. */
  limit(kind: Expiry, ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.expired = kind
      this.#stop(new Error(`time is up: ${kind}`))
    }, ms)
  }

  /** Starts the limit in force anew. */
  touch(): void {
    this.#timer?.refresh()
  }

  /** The promise, or a rejection as soon as the call is ended: a custom `fetch` may ignore its signal. */
  race<T>(promise: PromiseLike<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      promise.then(resolve, reject)
      if (this.#reason) reject(this.#reason.value)
      this.#end = reject
    })
  }

  /** Lets go of timer and signal. A call that did not succeed also gives up its connection. */
  close(hasSucceeded: boolean): void {
    clearTimeout(this.#timer)
    this.#caller.removeEventListener('abort', this.#onAbort)
    if (!hasSucceeded) this.#controller.abort()
  }

  #stop(reason: unknown): void {
    this.#reason ??= { value: reason }
    this.#end?.(reason)
    this.#controller.abort(reason)
  }
}
