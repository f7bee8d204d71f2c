import type { EngineId, Leases, Release, RunId } from '@meepo/core'
import type { ActiveRun } from './active-run.ts'

/** Gives runs back to the store. What could not be given back is kept for the next try. */
export class Releases {
  readonly #leases: Leases
  readonly #engine: () => EngineId
  readonly #tell: (thrown: unknown) => void
  #failed: Release[] = []
  /** Not given back yet by the store's word. */
  readonly #leaving = new Set<RunId>()

  constructor(leases: Leases, engine: () => EngineId, tell: (thrown: unknown) => void) {
    this.#leases = leases
    this.#engine = engine
    this.#tell = tell
  }

  async give(runs: readonly Release[]): Promise<void> {
    for (const { runId } of runs) this.#leaving.add(runId)
    try {
      await this.#leases.release(this.#engine(), runs)
      for (const { runId } of runs) this.#leaving.delete(runId)
    } catch (thrown) {
      this.#failed.push(...runs)
      this.#tell(thrown)
    }
  }

  /** The run is on its way back: nobody here drives it, though the store may still say that it is ours. */
  has(runId: RunId): boolean {
    return this.#leaving.has(runId)
  }

  /** Tries again what failed before. */
  retry(): void {
    const failed = this.#failed
    if (failed.length === 0) return
    this.#failed = []
    void this.give(failed)
  }

  /** Others own what was left to be given back. */
  forget(): void {
    this.#failed = []
    this.#leaving.clear()
  }
}

/**
 * As it stands: waiting, or to be taken up by whoever has room. What it asked for its children may yet fail, and its code may
 * have to see what was recorded while the engine stopped.
 */
export function releaseOf(run: ActiveRun): Release {
  const { runId, epoch, wakeAt } = run
  const isWaiting = run.isWaiting && run.openChildWork === 0 && !run.driver.isBehind
  const status = isWaiting ? 'waiting' : 'queued'
  const place = isWaiting && keepsPlace(run) ? ({ keepsPlace: true } as const) : {}
  return { runId, epoch, status, ...(wakeAt === undefined ? {} : { wakeAt }), ...place }
}

/** A workflow goes on in its children: others do not get its place while it waits for them. */
export function keepsPlace({ isWorkflow, driver }: ActiveRun): boolean {
  if (!isWorkflow) return false
  for (const { kind } of driver.openEntries()) if (kind === 'child') return true
  return false
}
