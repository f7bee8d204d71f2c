import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Store } from '@meepo/core'
import { Client } from 'pg'
import { integers, texts } from '../../packages/store-postgres/src/database/arrays.ts'
import { connectionOf } from '../../packages/store-postgres/src/database/database.ts'
import { openPostgresStore } from '../../packages/store-postgres/src/open.ts'
import { fillTables as fillPostgres } from '../../packages/store-postgres/src/testing/fill-tables.ts'
import { findScans as findPostgresScans } from '../../packages/store-postgres/src/testing/find-scans.ts'
import { readQueries as postgresQueries } from '../../packages/store-postgres/src/testing/read-queries.ts'
import { startPostgresServer } from '../../packages/store-postgres/src/testing/server.ts'
import { startInline } from '../../packages/store-sqlite/src/inline.fixture.ts'
import { openWith } from '../../packages/store-sqlite/src/open.ts'
import { fillTables as fillSqlite } from '../../packages/store-sqlite/src/testing/fill-tables.ts'
import { findScans as findSqliteScans, readPlan } from '../../packages/store-sqlite/src/testing/find-scans.ts'
import { readQueries as sqliteQueries } from '../../packages/store-sqlite/src/testing/read-queries.ts'
import { operationsOver } from './operations.ts'
import { Recorder, recordPostgres, recordSqlite } from './recorder.ts'

/** A query with its plan, and how long it took. */
export interface Measured {
  readonly name: string
  readonly text: string
  readonly plan: readonly string[]
  readonly scans: readonly string[]
  /** Milliseconds; undefined for one that was not asked. */
  readonly p50: number | undefined
  readonly p99: number | undefined
  readonly count: number
}

/** How much is filled in, and how often everything is asked. */
export interface Size {
  readonly events: number
  readonly rounds: number
  /** Called while it goes on. */
  readonly onProgress: (line: string) => void
}

interface Query {
  readonly name: string
  readonly text: string
}

const schema = 'plans'

/** What only happens between processes, after failures or once in a life is asked alone, with these values. */
const rarePostgres: Readonly<Record<string, readonly unknown[]>> = {
  'log grown': [integers(Array.from({ length: 100 }, (_, index) => index * 50))],
  'leases lockOwned': ['engine-1'],
  'leases claimHeld': [texts(['agent-1@1']), 1, 'engine-1', null],
  'leases owned': ['engine-1'],
  'money lockWindows': [texts(['daily/user:u7'])],
  'money shareTotals': [texts(['run:run-7'])],
  'prune lockBlobs': [texts(['big']), texts(['none'])],
}
const rareSqlite: Readonly<Record<string, readonly (string | number)[]>> = {
  'read runsBehind': [1_000, 1_500],
  'write lastEventId': [],
  'write removals': [],
  'write findEngineName': [1],
  'write money findScope': ['', 'big'],
  'write money findModel': ['p:m'],
  'write money findReservation': ['run-98/9/1.1', 1],
  'write money findAlert': ['a-7'],
  'write money now': [],
  'limits holder': ['holder-1'],
  'prune tree': [10],
  'prune usedBlobs': [20],
  'prune pastLines': ['run-7/', 'run-70'],
}

/** Everything over PostgreSQL, on a server of its own. */
export async function measurePostgres(size: Size): Promise<readonly Measured[]> {
  const server = await startPostgresServer()
  try {
    await (await openPostgresStore({ url: server.url, schema })).close()
    const client = new Client(connectionOf({ url: server.url, schema, poolSize: 2, connectTimeoutMs: 5_000 }))
    await client.connect()
    try {
      return await measureServer(server.url, client, size)
    } finally {
      // Before the server: a connection that breaks while nobody asks would hide what was thrown.
      await client.end()
    }
  } finally {
    await server.remove()
  }
}

async function measureServer(
  url: string,
  client: Client,
  { events, rounds, onProgress }: Size,
): Promise<readonly Measured[]> {
  await fillPostgres(client, events)
  await client.query('VACUUM')
  onProgress('PostgreSQL is filled')
  const recorder = new Recorder()
  recordPostgres(recorder)
  const store = await openPostgresStore({ url, schema })
  try {
    await ask(store, events, rounds, recorder)
  } finally {
    await store.close()
  }
  const measured: Measured[] = []
  for (const query of postgresQueries(schema)) {
    for (let round = 0; round < rounds && query.name in rarePostgres; round++) {
      await client.query('BEGIN')
      await client.query({ name: query.name, text: query.text, values: [...(rarePostgres[query.name] ?? [])] })
      await client.query('ROLLBACK')
    }
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN, COSTS OFF) ${query.text}`)
    const plan = rows.map((row) => row['QUERY PLAN'])
    measured.push(describe(query, plan, await findPostgresScans(client, query.text), recorder))
  }
  return measured
}

/** Everything over a file of SQLite. The writer works in this thread, so that its statements are seen. */
export async function measureSqlite({ events, rounds, onProgress }: Size): Promise<readonly Measured[]> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-plans-'))
  try {
    const path = join(folder, 'meepo.db')
    await (await openWith(startInline, { path })).close()
    const db = new DatabaseSync(path)
    fillSqlite(db, events)
    onProgress('SQLite is filled')
    const recorder = new Recorder()
    recordSqlite(recorder)
    const store = await openWith(startInline, { path })
    await ask(store, events, rounds, recorder)
    await store.close()
    const measured = sqliteQueries.map((query) => {
      for (let round = 0; round < rounds && query.name in rareSqlite; round++) {
        db.prepare(query.text).all(...(rareSqlite[query.name] ?? []))
      }
      return describe(query, readPlan(db, query.text), findSqliteScans(db, query.text), recorder)
    })
    db.close()
    return measured
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Asks for everything, one thing after the other: what is measured waits for nothing else. The first round only warms up. */
async function ask(store: Store, events: number, rounds: number, recorder: Recorder): Promise<void> {
  const operations = operationsOver(Math.floor(events / 25))
  let state = 1
  const random = (most: number): number => {
    state = (state * 48_271) % 2_147_483_647
    return state % most
  }
  await store.leases.join('engine-1')
  for (let round = 0; round <= rounds; round++) {
    for (const operation of operations) await operation(store, random, round)
    if (round === 0) recorder.clear()
  }
}

function describe(
  { name, text }: Query,
  plan: readonly string[],
  scans: readonly string[],
  recorder: Recorder,
): Measured {
  const found = recorder.timesOf(text)
  return { name, text, plan, scans, p50: found?.p50, p99: found?.p99, count: found?.count ?? 0 }
}
