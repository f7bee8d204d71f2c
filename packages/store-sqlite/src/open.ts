import type { MeepoError, Store } from '@meepo/core'
import { resolve } from 'node:path'
import { WriteQueue } from './client/queue.ts'
import { startThread, type StartWriter } from './client/thread.ts'
import { toReadError } from './client/to-meepo-error.ts'
import { openReadOnly, type Durability } from './database.ts'
import { Hub } from './follow/hub.ts'
import { Reader } from './read/reader.ts'
import { createBlobs } from './roles/blobs.ts'
import { createCounters } from './roles/counters.ts'
import { createHealthBoard } from './roles/health.ts'
import { createInbox } from './roles/inbox.ts'
import { createLeases } from './roles/leases.ts'
import { createLog } from './roles/log.ts'
import { createMoney } from './roles/money.ts'

/** How a store is opened. */
export interface SqliteStoreOptions {
  /** The database file. It and its folder are created when missing. Not on a network file system. */
  readonly path: string
  /**
   * `full` unless said: what was acknowledged survives a power loss. `fast`: it survives the death of the process, and
   * a power loss may take the last moments.
   */
  readonly durability?: Durability
  /** How often the writes of other processes are looked for while somebody follows or watches. 25 unless said. */
  readonly pollMs?: number
  /** Events and other rows after which a transaction is cut. 128 unless said. */
  readonly batchRows?: number
  /**
   * Called once when this process must not write any more: a disk did not confirm a write, or the writer thread died.
   * Everything pending was rejected and later writes reject too. Must not throw. Unless given, the message goes to
   * stderr and the process exits with code 6, because only a new process sees what really is on the disk.
   */
  readonly onFatal?: (error: MeepoError) => void
  /**
   * For crash tests: the URL of a module whose `faultPoint(name)` the writer thread calls at `store.begin`,
   * `store.before_commit` and `store.after_commit` of each transaction. What it throws at the first two fails the
   * transaction; it may also end the process.
   */
  readonly faultModule?: string
}

/**
 * Opens a store on a SQLite file: one writer thread per process, one transaction per turn of the event loop. Several
 * processes may have the file open. Rejects with `store.not_writable`, `store.corrupt`, `store.newer_format`,
 * `store.sqlite_too_old` or `store.disk_full`, and leaves the file as it was.
 *
 * An open store does not keep the process alive; writes under way do.
 *
 * @example
 * const store = await openSqliteStore({ path: '.meepo/meepo.db' })
 */
export function openSqliteStore(options: SqliteStoreOptions): Promise<Store> {
  return openWith(startThread, options)
}

/** The same over any way to run the writer. */
export async function openWith(startWriter: StartWriter, options: SqliteStoreOptions): Promise<Store> {
  const { durability = 'full', pollMs = 25, batchRows = 128, onFatal = exit, faultModule } = options
  const path = resolve(options.path)
  const parts: { hub?: Hub } = {}
  const queue = new WriteQueue(batchRows, {
    committed: (answer, committed) => parts.hub?.committed(answer, committed),
    fatal: onFatal,
  })
  const settings = { path, durability, ...(faultModule === undefined ? {} : { faultModule }) }
  const port = await startWriter(settings, {
    answered: (answer) => queue.answered(answer),
    lost: (error) => queue.lost(error),
  })
  queue.attach(port)
  const reader = openReader(path)
  const hub = new Hub(reader, pollMs)
  parts.hub = hub
  return {
    log: createLog(queue, reader, hub),
    leases: createLeases(queue, reader, hub),
    inbox: createInbox(queue, reader),
    blobs: createBlobs(queue, reader),
    counters: createCounters(queue, reader),
    health: createHealthBoard(queue, reader),
    money: createMoney(queue, reader),
    close: () =>
      queue.close(() => {
        // Before the writer's connection: only a last one that may write takes SQLite's log file with it.
        reader.close()
        hub.close()
      }),
  }
}

function openReader(path: string): Reader {
  try {
    return new Reader(openReadOnly(path))
  } catch (error) {
    throw toReadError(error)
  }
}

function exit(error: MeepoError): void {
  process.stderr.write(`${error.code}: ${error.message}. Nothing acknowledged is lost; start again to resume.\n`)
  process.exit(6)
}
