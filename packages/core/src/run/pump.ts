import type { Scheduler } from '../base/ports.ts'

/** What happens in a window. Neither may throw. */
export interface PumpWork {
  /** Runs code: a delivery, or the first call of a segment. */
  onOpen(): void
  /** All microtasks of the window have ended. */
  onClose(): void
}

/**
 * The windows in which the code of one run runs: one delivery, all microtasks, closed. Asking for a window while one is
 * due or open asks for nothing more; whoever closes it asks again when there is more to deliver.
 */
export class Pump {
  isOpen = false
  readonly #scheduler: Scheduler
  readonly #work: PumpWork
  #isDue = false

  constructor(scheduler: Scheduler, work: PumpWork) {
    this.#scheduler = scheduler
    this.#work = work
  }

  /** A window is due or open. */
  get isDue(): boolean {
    return this.#isDue
  }

  turnSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#scheduler.turn(this.#open, this.#close)
  }

  readonly #open = (): void => {
    this.isOpen = true
    this.#work.onOpen()
  }

  readonly #close = (): void => {
    this.isOpen = false
    this.#isDue = false
    this.#work.onClose()
  }
}
