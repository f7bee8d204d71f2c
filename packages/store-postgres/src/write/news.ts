import type { EngineId, RunId } from '@meepo/core'

/** What others want to hear about after a commit. */
export interface News {
  /** The keys of runs whose logs grew. */
  readonly runs: Set<number>
  /** Runs that got mail while an engine owned them. */
  readonly mail: { readonly runId: RunId; readonly engine: EngineId }[]
  /** A run became claimable, whatever places are held. */
  claimable: boolean
  /** A workflow became claimable if there is a place for it, or a place became free. */
  places: boolean
}

/** Nothing happened yet. */
export function noNews(): News {
  return { runs: new Set(), mail: [], claimable: false, places: false }
}
