import type { RunDriver, Scheduler } from '@meepo/core'
import type { ActiveRun } from './active-run.ts'

/** Events that nothing waits for reach the store at the latest after this time … */
const flushMs = 2
/** … or after this, while a turn of their run is due: what it brings goes with them in one write. */
const turnMs = 50

/** What is flushed. */
type Flushed = Pick<ActiveRun, 'bufferedSince' | 'flushDirty'> & { readonly driver: Pick<RunDriver, 'isTurnDue'> }

/** Flushes runs whose events wait in memory, all of a short while in one go. */
export class Flusher {
  readonly #scheduler: Scheduler
  #dirty: Flushed[] = []
  #isDue = false

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler
  }

  add(run: Flushed): void {
    this.#dirty.push(run)
    this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#isDue) return
    this.#isDue = true
    this.#scheduler.after(flushMs, () => this.#flush())
  }

  #flush(): void {
    this.#isDue = false
    const dirty = this.#dirty
    this.#dirty = []
    const now = this.#scheduler.elapsed()
    for (const run of dirty) {
      if (run.driver.isTurnDue && now - run.bufferedSince < turnMs) this.#dirty.push(run)
      else run.flushDirty()
    }
    if (this.#dirty.length > 0) this.#flushSoon()
  }
}
