import type { Counters, EventVersions, Store } from '@meepo/core'
import type { Effects } from '../world/effect-book.ts'
import type { Life } from '../world/life.ts'
import type { ServerBugs, StoreServer } from '../store/store-server.ts'
import type { Timeline } from '../world/timeline.ts'

/** What a planted bug may reach of the process that it lies in. */
export interface BugPlace {
  readonly life: Life
  readonly timeline: Timeline
  readonly server: StoreServer
}

/** A line of a shipped file replaced by one with a bug. */
export interface BuildBug {
  /** The end of the path of a built file. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A bug planted on purpose, at a port or in the text of a built file as Node reads it. */
export interface Bug {
  readonly what: string
  readonly server?: Partial<ServerBugs>
  readonly liesAboutSync?: boolean
  readonly store?: (store: Store, place: BugPlace) => Store
  readonly counters?: (counters: Counters) => Counters
  readonly effects?: (effects: Effects) => Effects
  readonly fetch?: (
    fetch: typeof globalThis.fetch,
    place: Pick<BugPlace, 'life' | 'timeline'>,
  ) => typeof globalThis.fetch
  readonly versions?: EventVersions
  readonly build?: readonly BuildBug[]
}
