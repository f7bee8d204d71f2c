import { MeepoError } from '../base/errors.ts'
import type { Scheduler, Stop } from '../base/ports.ts'

/** How long an aborted body may take to end before it is given up. */
const abortGraceMs = 5_000
/** How long a try may take where its tool says nothing: as long as a step. */
export const defaultTimeoutMs = 600_000
/** How long a try may wait for room and for limits, on top of its timeout. */
export const maxQueueMs = 600_000

/** When a body is told to stop. */
export interface WatchLimits {
  /** For messages. */
  readonly name: string
  /** {@link defaultTimeoutMs} unless said. */
  readonly timeoutMs: number | undefined
  readonly idleTimeoutMs: number | undefined
}

/** What a watched body gets. */
export interface Watched {
  readonly signal: AbortSignal
  heartbeat(): void
}

/**
 * Runs a body under its timeouts. It is aborted when one passes, or with `outer`; then it ends by itself, or is given up
 * after a grace time. What it returns in spite of an abort counts.
 */
export function watchCall<T>(
  scheduler: Scheduler,
  limits: WatchLimits,
  outer: AbortSignal,
  body: (watched: Watched) => T | Promise<T>,
): Promise<T> {
  if (outer.aborted) return Promise.reject(outer.reason as Error)
  return new Promise((resolve, reject) => {
    const watch = new Watch(scheduler, limits, outer, reject)
    const settle = (): void => watch.stop()
    Promise.resolve()
      .then(() => body(watch))
      .finally(settle)
      // An aborted body may reject with anything; the reason of the abort is the better story.
      .then(resolve, (thrown: unknown) => reject(toReason(watch.signal, thrown)))
  })
}

function toReason(signal: AbortSignal, thrown: unknown): Error {
  const reason: unknown = signal.aborted ? signal.reason : thrown
  // What a tool throws goes on as it is, whatever it is.
  return reason as Error
}

class Watch implements Watched {
  readonly #scheduler: Scheduler
  readonly #limits: WatchLimits
  readonly #outer: AbortSignal
  readonly #giveUp: (reason: Error) => void
  readonly #controller = new AbortController()
  readonly #onOuter = (): void => this.#abort(this.#outer.reason as Error)
  readonly #timers: Stop[] = []
  #beatAt: number
  #stopIdle: Stop | undefined = undefined

  constructor(scheduler: Scheduler, limits: WatchLimits, outer: AbortSignal, giveUp: (reason: Error) => void) {
    this.#scheduler = scheduler
    this.#limits = limits
    this.#outer = outer
    this.#giveUp = giveUp
    this.#beatAt = scheduler.elapsed()
    const { name, timeoutMs = defaultTimeoutMs, idleTimeoutMs } = limits
    outer.addEventListener('abort', this.#onOuter, { once: true })
    const late = (): void => this.#abort(new MeepoError('step.timeout', `${name} ran longer than ${timeoutMs} ms`))
    this.#timers.push(scheduler.after(timeoutMs, late))
    if (idleTimeoutMs !== undefined) this.#watchIdle(idleTimeoutMs, idleTimeoutMs)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Only notes the time: a timer for each beat would cost more than the beat. */
  heartbeat(): void {
    this.#beatAt = this.#scheduler.elapsed()
  }

  stop(): void {
    this.#outer.removeEventListener('abort', this.#onOuter)
    this.#stopIdle?.()
    for (const stop of this.#timers) stop()
  }

  #watchIdle(idleTimeoutMs: number, inMs: number): void {
    this.#stopIdle = this.#scheduler.after(inMs, () => {
      const left = this.#beatAt + idleTimeoutMs - this.#scheduler.elapsed()
      if (left > 0) this.#watchIdle(idleTimeoutMs, left)
      else this.#abort(new MeepoError('tool.idle', `${this.#limits.name} showed no life for ${idleTimeoutMs} ms`))
    })
  }

  /** Comes once: it stops all that could abort again. */
  #abort(reason: Error): void {
    this.stop()
    this.#timers.push(this.#scheduler.after(abortGraceMs, () => this.#giveUp(reason)))
    this.#controller.abort(reason)
  }
}
