import { MeepoError } from '../base/errors.ts'
import type { Scheduler } from '../base/ports.ts'
import type { BreakerPolicy } from './tool.ts'

interface BreakerState {
  failures: number
  /** By the running clock; undefined while it is closed. */
  openedAt: number | undefined
  isProbing: boolean
}

/** How a call that a breaker let through ended. `none`: nothing that says anything about the tool. */
export type Verdict = 'ok' | 'failed' | 'none'

/**
 * One breaker per key. Closed: calls pass, failures in a row are counted. Open: calls are refused. After a while one call
 * is let through: when it ends well the breaker closes, else it stays open. What never failed is not remembered.
 */
export class Breakers {
  readonly #scheduler: Scheduler
  readonly #states = new Map<string, BreakerState>()

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  /** Lets a call pass, or throws `tool.breaker_open`. Whoever passes must tell how it ended. */
  enter(key: string, name: string, { openMs = 30_000 }: BreakerPolicy): void {
    const state = this.#states.get(key)
    if (state?.openedAt === undefined) return
    const leftMs = state.openedAt + openMs - this.#scheduler.elapsed()
    if (leftMs > 0 || state.isProbing) {
      const message = `${name} failed ${state.failures} times in a row and is not called for now`
      throw new MeepoError('tool.breaker_open', message, {
        notSent: true,
        details: { retryAfterMs: Math.max(0, leftMs) },
      })
    }
    state.isProbing = true
  }

  leave(key: string, { failures = 5 }: BreakerPolicy, verdict: Verdict): void {
    if (verdict === 'ok') {
      this.#states.delete(key)
      return
    }
    const state = this.#states.get(key) ?? { failures: 0, openedAt: undefined, isProbing: false }
    state.isProbing = false
    if (verdict === 'none') return
    state.failures++
    if (state.failures >= failures) state.openedAt = this.#scheduler.elapsed()
    this.#states.set(key, state)
  }

  /** The keys of breakers that are not closed. */
  open(): readonly string[] {
    return [...this.#states].filter(([, { openedAt }]) => openedAt !== undefined).map(([key]) => key)
  }
}
