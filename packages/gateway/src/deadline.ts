import type { Stop } from '@meepo/core'

import type { Clock } from './pipeline/clock.ts'

/** Which limit of time a call passed. */
export type Expiry = 'answer' | 'content' | 'idle'

/**
 * Ends a call from outside: on the caller's abort, or when time is up. One controller and one timer for a call, and
 * nothing stays on the caller's signal afterwards. Time is running time: a jump of the wall clock ends nothing.
 */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #caller: AbortSignal
  readonly #clock: Pick<Clock, 'elapsed' | 'after'>
  readonly #onAbort: () => void
  /** Ends the race that is on, if one is. */
  #end: ((reason: unknown) => void) | undefined
  #reason: { readonly value: unknown } | undefined
  #stopTimer: Stop | undefined
  /** Since when the limit in force counts. */
  #from = 0
  /** Set once a limit was passed. */
  expired: Expiry | undefined

  constructor(caller: AbortSignal, timeoutMs: number, clock: Pick<Clock, 'elapsed' | 'after'>) {
    this.#caller = caller
    this.#clock = clock
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
    this.#stopTimer?.()
    this.touch()
    this.#wait(kind, ms, ms)
  }

  /** Starts the limit in force anew. */
  touch(): void {
    this.#from = this.#clock.elapsed()
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
    this.#stopTimer?.()
    this.#caller.removeEventListener('abort', this.#onAbort)
    if (!hasSucceeded) this.#controller.abort()
  }

  /** Every piece of an answer touches the limit: what is left is looked at when the timer rings, not before. */
  #wait(kind: Expiry, ms: number, left: number): void {
    this.#stopTimer = this.#clock.after(left, () => {
      const rest = this.#from + ms - this.#clock.elapsed()
      if (rest > 0) {
        this.#wait(kind, ms, rest)
        return
      }
      this.expired = kind
      this.#stop(new Error(`time is up: ${kind}`))
    })
  }

  #stop(reason: unknown): void {
    this.#reason ??= { value: reason }
    this.#end?.(reason)
    this.#controller.abort(reason)
  }
}
