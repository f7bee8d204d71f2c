import { MeepoError, type Store } from '@meepo/core'
import { Client } from 'pg'
import { createBlobs } from './blobs/blobs.ts'
import { checkServer } from './database/check-server.ts'
import { connectionOf, Database, type Address } from './database/database.ts'
import { toMeepoError, toStatementFailed } from './database/failure.ts'
import type { PoolStats } from './database/pool-stats.ts'
import { positionsOf } from './database/position.ts'
import { Bus } from './follow/bus.ts'
import { Hub } from './follow/hub.ts'
import { createHealthBoard } from './health/health.ts'
import { createInbox } from './inbox/inbox.ts'
import { createLeases } from './leases/leases.ts'
import { createCounters } from './limits/counters.ts'
import { createLog } from './log/log.ts'
import { createMoney } from './money/money.ts'
import { Reader } from './read/reader.ts'
import { migrate } from './schema/migrate.ts'
import { Lanes } from './write/lanes.ts'

/** How a store is opened. */
export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`, with what else `pg` reads from it (`?sslmode=verify-full`). */
  readonly url: string
  /** Everything of the store is in this schema of the database. Small letters, digits and `_`. `meepo` unless said. */
  readonly schema?: string
  /** Connections at most, beside one that listens. At least 2; 10 unless said. */
  readonly poolSize?: number
  /** How long a connection, or a free one of the pool, is waited for. 10,000 unless said. */
  readonly connectTimeoutMs?: number
  /**
   * How often the writes of other processes are looked for while somebody follows or watches, beside what they tell: only
   * what a process did just before it died is found so late. 1,000 unless said.
   */
  readonly pollMs?: number
}

/** A store, and what its connections do. */
export interface PostgresStore extends Store {
  /** How many connections there are, how many are at work, and how long they are waited for. Costs nothing. */
  pool(): PoolStats
}

/** More lanes make smaller transactions; so many keep the server busy while others wait for its disk. */
const mostLanes = 3

/**
 * Opens a store on a PostgreSQL database, and makes its schema or brings it up to date. Any number of processes may have it
 * open. Rejects with `store.not_durable` for a server that would lose what it acknowledges, `store.not_writable` for one
 * that is read-only or does not let this user in, `store.newer_format`, `store.corrupt`, `config.invalid`, or
 * `store.failed` (worth another try) when it cannot be reached.
 *
 * An open store does not keep the process alive; writes under way do.
 *
 * @example
 * const store = await openPostgresStore({ url: 'postgres://meepo@localhost/meepo' })
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<PostgresStore> {
  const { pollMs = 1_000 } = options
  const address = addressOf(options)
  await prepare(address)
  const positions = positionsOf(address.schema)
  const database = new Database(address, positions.begin)
  const reader = new Reader(database, positions)
  const parts: { hub?: Hub } = {}
  const bus = new Bus(address, {
    heard: (message) => parts.hub?.heard(message),
    missed: () => parts.hub?.missed(),
  })
  const hub = new Hub(database, reader, bus, pollMs)
  parts.hub = hub
  try {
    await bus.open()
  } catch (error) {
    await database.close()
    throw toMeepoError(error)
  }
  const lanes = new Lanes(database, Math.min(mostLanes, address.poolSize - 1), (news, committed) =>
    hub.committed(news, committed),
  )
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await database.close(() => lanes.settled())
    hub.close()
    await bus.close()
  }
  return {
    log: createLog(database, lanes, reader, hub),
    leases: createLeases(database, lanes, hub),
    inbox: createInbox(database, reader, hub),
    blobs: createBlobs(database),
    counters: createCounters(database),
    health: createHealthBoard(database),
    money: createMoney(database, lanes, reader),
    pool: () => database.stats,
    close: () => (closing ??= close()),
  }
}

function addressOf(options: PostgresStoreOptions): Address {
  const { url, schema = 'meepo', poolSize = 10, connectTimeoutMs = 10_000 } = options
  if (!/^postgres(ql)?:$/.test(URL.parse(url)?.protocol ?? '')) {
    // The address may hold a password.
    throw new MeepoError('config.invalid', 'the address of a PostgreSQL database begins with postgres://')
  }
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema) || schema.startsWith('pg_')) {
    throw new MeepoError('config.invalid', `${JSON.stringify(schema)} is no name for a schema`)
  }
  if (!Number.isInteger(poolSize) || poolSize < 2) {
    throw new MeepoError('config.invalid', `a pool of ${poolSize} connections is too small: 2 are needed`)
  }
  return { url, schema, poolSize, connectTimeoutMs }
}

/** Looks whether the server can be used, and brings the schema up to date. */
async function prepare(address: Address): Promise<void> {
  const client = new Client(connectionOf(address))
  client.on('error', () => undefined)
  try {
    await client.connect()
    await checkServer(client)
    await migrate(client, address.schema)
  } catch (error) {
    throw MeepoError.is(error) ? error : toMeepoError(toStatementFailed(error))
  } finally {
    await client.end()
  }
}
