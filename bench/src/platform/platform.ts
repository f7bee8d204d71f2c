import { join } from 'node:path'
import type { Engine, Store } from '@meepo/core'
import { createEmbeddedEngine, type EngineOptions } from '@meepo/engine-embedded'
import type { Bench } from '../harness/workload.ts'

/** The store behind a case: the one of tests, or SQLite with `synchronous=FULL`. */
export type StoreKind = 'memory' | 'durable'

/** A store and the production engine on it. */
export interface Platform {
  readonly engine: Engine
  close(): Promise<void>
}

/** What a case wants of its engine. */
export type PlatformOptions = Pick<EngineOptions, 'budgets' | 'models'>

let opened = 0

/** Opens a new, empty store and an engine that has begun. */
export async function openPlatform(kind: StoreKind, bench: Bench, options: PlatformOptions = {}): Promise<Platform> {
  const store = await openStore(kind, bench)
  const engine = createEmbeddedEngine({
    store,
    ...options,
    concurrency: 20_000,
    // A notice is trouble outside of any run: a figure with trouble in it means nothing.
    onNotice: (notice) => {
      throw new Error(`the engine reports ${JSON.stringify(notice)}`)
    },
  })
  await engine.begin()
  return {
    engine,
    close: async () => {
      await engine.stop()
      await store.close()
    },
  }
}

/** Loaded late, as the umbrella does: a process should not pay for the store of another case. */
async function openStore(kind: StoreKind, { folder }: Bench): Promise<Store> {
  if (kind === 'memory') return (await import('@meepo/core/memory-store')).createMemoryStore()
  return (await import('@meepo/store-sqlite')).openSqliteStore({ path: join(folder, `${opened++}.db`) })
}

/** Platforms for the rounds of a case. */
export interface RoundPlatforms {
  use<T>(work: (platform: Platform) => Promise<T>): Promise<T>
  close(): Promise<void>
}

/**
 * One durable platform for all rounds, as a process has it; a memory store for each round, because it forgets nothing
 * and the collector would be measured.
 */
export async function openForRounds(
  kind: StoreKind,
  bench: Bench,
  options: PlatformOptions = {},
): Promise<RoundPlatforms> {
  if (kind === 'durable') {
    const platform = await openPlatform(kind, bench, options)
    return { use: (work) => work(platform), close: () => platform.close() }
  }
  return {
    use: async (work) => {
      const platform = await openPlatform(kind, bench, options)
      try {
        return await work(platform)
      } finally {
        await platform.close()
      }
    },
    close: () => Promise.resolve(),
  }
}
