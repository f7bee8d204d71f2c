import { MeepoError, type EngineId, type RunId } from '@meepo/core'

interface Doubt {
  readonly epoch: number
  readonly since: number
}

/** A run that an engine may own. */
export interface DoubtfulRun {
  readonly runId: RunId
  readonly epoch: number
}

/**
 * Longer than a server needs to notice that a connection is gone, and to end what was going on there: a transaction may
 * still be committed until then.
 */
const doubtMs = 30_000

/**
 * Runs that engines may own without knowing it: the connection broke while they were committed. Nobody else would take them,
 * as their owner is alive. An engine hears of them with its next claim.
 */
export class Doubts {
  readonly #now: () => number
  readonly #engines = new Map<EngineId, Map<RunId, Doubt>>()

  /** `now`: milliseconds of a clock that only goes on. */
  constructor(now: () => number) {
    this.#now = now
  }

  add(engine: EngineId, runId: RunId, epoch: number): void {
    const doubts = this.#engines.get(engine) ?? new Map<RunId, Doubt>()
    doubts.set(runId, { epoch, since: this.#now() })
    this.#engines.set(engine, doubts)
  }

  /** The engine knows what became of the run. */
  settle(engine: EngineId, runId: RunId): void {
    const doubts = this.#engines.get(engine)
    if (doubts?.delete(runId) && doubts.size === 0) this.#engines.delete(engine)
  }

  /** What is to be looked at. */
  of(engine: EngineId): readonly DoubtfulRun[] {
    const oldest = this.#now() - doubtMs
    for (const [runId, { since }] of this.#engines.get(engine) ?? []) if (since < oldest) this.settle(engine, runId)
    return [...(this.#engines.get(engine) ?? [])].map(([runId, { epoch }]) => ({ runId, epoch }))
  }
}

/** Whether a write may have been committed although it was rejected. */
export function isInDoubt(thrown: unknown): boolean {
  return MeepoError.is(thrown) && thrown.code === 'store.failed' && thrown.retryable
}
