import type { Scheduler } from '@meepo/core'
import type { ActiveRun } from './active-run.ts'

/** Events that nothing waits for reach the store at the latest after this time. */
const flushMs = 2

/** Flushes runs whose events wait in memory, all of a short while in one go. */
export class Flusher {
  readonly #scheduler: Scheduler
  #dirty: ActiveRun[] = []
  #isDue = false

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  add(run: ActiveRun): void {
    this.#dirty.push(run)
    if (this.#isDue) return
    this.#isDue = true
    this.#scheduler.after(flushMs, () => this.#flush())
  }

  #flush(): void {
    this.#isDue = false
    const dirty = this.#dirty
    this.#dirty = []
    for (const run of dirty) run.flushDirty()
  }
}
