import type { EngineId, Leases, Release } from '@meepo/core'
import type { ActiveRun } from './active-run.ts'

/** Gives runs back to the store. What could not be given back is kept for the next try. */
export class Releases {
  readonly #leases: Leases
  readonly #engine: () => EngineId
  readonly #tell: (thrown: unknown) => void
  #failed: Release[] = []

  constructor(leases: Leases, engine: () => EngineId, tell: (thrown: unknown) => void) {
    this.#leases = leases
    this.#engine = engine
    this.#tell = tell
  }

  async give(runs: readonly Release[]): Promise<void> {
    try {
      await this.#leases.release(this.#engine(), runs)
    } catch (thrown) {
      this.#failed.push(...runs)
      this.#tell(thrown)
    }
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
  }
}

/** As it stands: waiting, or to be taken up by whoever has room. */
export function releaseOf(run: ActiveRun): Release {
  const { runId, epoch, isWaiting, wakeAt } = run
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
