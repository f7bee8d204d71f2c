import type { NewEvent, RunId } from '@meepo/core'
import type { ActiveRun } from './active-run.ts'

/** How a run left the memory of this engine: ended, with its whole log if that is at hand, or only gone from here. */
export type Departure =
  | { readonly kind: 'ended'; readonly events: readonly NewEvent[] | undefined }
  | { readonly kind: 'left' }

/** Tells those who wait for a run that it left. Each is told once. */
export class Departures {
  readonly #waiting = new Map<RunId, ((departure: Departure) => void)[]>()

  wait(runId: RunId, callback: (departure: Departure) => void): void {
    const callbacks = this.#waiting.get(runId)
    if (callbacks) callbacks.push(callback)
    else this.#waiting.set(runId, [callback])
  }

  /** Resolves when the run's log is durable, or the run left because it could not be. */
  durable(run: ActiveRun): Promise<void> {
    return new Promise((resolve) => {
      this.wait(run.runId, () => resolve())
      run.whenDurable(resolve)
    })
  }

  tell(runId: RunId, departure: Departure): void {
    const callbacks = this.#waiting.get(runId)
    if (!callbacks) return
    this.#waiting.delete(runId)
    for (const callback of callbacks) callback(departure)
  }
}
