import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Store } from '@meepo/core'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer } from '@meepo/store-postgres/testing'
import { openSqliteStore } from '@meepo/store-sqlite'

/** The kinds of stores that processes are set on. */
export const storeKinds = ['sqlite', 'postgres'] as const

/** One of {@link storeKinds}. */
export type StoreKind = (typeof storeKinds)[number]

/** A database of its own, for the processes of one test. */
export interface TestDatabase {
  /** What workers are told: a file, or the address of a server. */
  readonly address: string
  /** Ends the server at once, as `pg_ctl stop -m immediate` does, and starts it again after so long. */
  crash(downMs: number): Promise<void>
  /** Ends the server, if there is one. A file goes with its folder. */
  remove(): Promise<void>
}

/** Makes an empty database. */
export async function createDatabase(kind: StoreKind, folder: string): Promise<TestDatabase> {
  if (kind === 'sqlite') {
    const crash = (): Promise<never> => Promise.reject(new Error('SQLite has no server that could be killed'))
    return { address: join(folder, 'meepo.db'), crash, remove: () => Promise.resolve() }
  }
  const server = await startPostgresServer()
  return {
    address: server.url,
    crash: async (downMs) => {
      await server.kill()
      await delay(downMs)
      await server.start()
    },
    remove: () => server.remove(),
  }
}

/** Whether it is a server and no file. */
export function isServer(address: string): boolean {
  return address.startsWith('postgres:')
}

/** Opens the store of an address. `faultModule`: see `SqliteStoreOptions`. */
export function openStore(address: string, faultModule?: string): Promise<Store> {
  if (isServer(address)) return openPostgresStore({ url: address })
  return openSqliteStore({ path: address, ...(faultModule === undefined ? {} : { faultModule }) })
}
