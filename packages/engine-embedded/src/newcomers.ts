import { toError, type Claim, type RunId } from '@meepo/core'

/** Whether what was asked of the store may have happened all the same. */
export function isLost(thrown: unknown): boolean {
  return toError(thrown, 'store.failed').code === 'store.failed'
}

/** Where runs may be. */
type Place = { has(runId: RunId): boolean } | undefined

/** What is owned and in none of these places. */
export function unknownOf(owned: readonly Claim[], places: readonly Place[]): readonly Claim[] {
  return owned.filter(({ runId }) => !places.some((place) => place?.has(runId) === true))
}

/** Runs that are being created or read: nobody drives them here yet, and somebody will. */
export class Newcomers {
  readonly #counts = new Map<RunId, number>()
  readonly #onLost: () => void

  constructor(
    /** Nobody can say whether a run was given to this engine. */
    onLost: () => void,
  ) {
    this.#onLost = onLost
  }

  has(runId: RunId): boolean {
    return this.#counts.has(runId)
  }

  /** The run arrives while this goes on: it ends when the run is driven, or is not to be. */
  async during<T>(runId: RunId, work: () => Promise<T>): Promise<T> {
    this.#counts.set(runId, (this.#counts.get(runId) ?? 0) + 1)
    try {
      return await work()
    } catch (thrown) {
      if (isLost(thrown)) this.#onLost()
      throw thrown
    } finally {
      const left = (this.#counts.get(runId) ?? 1) - 1
      if (left === 0) this.#counts.delete(runId)
      else this.#counts.set(runId, left)
    }
  }
}
