import type { RunHost } from './host.ts'
import type { OpenEntries } from './open-entries.ts'

/**
 * Whether a run does anything by itself. It waits when nothing holds it and all its open tasks are sleeps, signals,
 * children or undecided steps: then the host may evict it.
 */
export class Waiting {
  readonly #host: RunHost
  readonly #open: OpenEntries
  #holds = 0
  #isWaiting = false

  constructor(host: RunHost, open: OpenEntries) {
    this.#host = host
    this.#open = open
  }

  /** Something will happen without mail or a date: a body ends, a retry is due, the log becomes durable. */
  hold(): void {
    this.#holds++
    this.wake()
  }

  unhold(): void {
    this.#holds--
  }

  wake(): void {
    if (!this.#isWaiting) return
    this.#isWaiting = false
    this.#host.busy()
  }

  /** Called when nothing else is due. The run wakes at its deadline at the latest, unless its end has begun. */
  look(deadlineAt?: number): void {
    if (this.#isWaiting || this.#holds > 0 || this.#open.size === 0) return
    this.#isWaiting = true
    let wakeAt = deadlineAt
    for (const entry of this.#open) {
      const at = entry.wakeAt()
      if (at !== undefined && (wakeAt === undefined || at < wakeAt)) wakeAt = at
    }
    this.#host.waiting(wakeAt)
  }
}
