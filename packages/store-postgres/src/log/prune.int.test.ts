import type { NewRun, Store } from '@meepo/core'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectionOf } from '../database/database.ts'
import { leaseSql } from '../leases/sql.ts'
import { moneySql } from '../money/sql.ts'
import { openPostgresStore } from '../open.ts'
import { readSql } from '../read/sql.ts'
import { startPostgresServer, type PostgresServer } from '../testing/server.ts'
import { pruneSql } from './prune.ts'
import { removalSql } from './removal.ts'

const scope = { tenant: 't' } as const
const everything = { definition: 'short', statuses: ['failed', 'completed'], endedBefore: 1e9, limit: 10_000 } as const
let server: PostgresServer
let schemas = 0
let store: Store
let client: Client

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())
beforeEach(async () => {
  const schema = `case_${++schemas}`
  store = await openPostgresStore({ url: server.url, schema })
  client = new Client(connectionOf({ url: server.url, schema, poolSize: 2, connectTimeoutMs: 5_000 }))
  await client.connect()
})
afterEach(async () => {
  await client.end()
  await store.close()
})

/** So many ended runs with one event each, one in `every` of them of the definition `short`. */
async function fill(runs: number, every: number): Promise<void> {
  await client.query(`
    INSERT INTO runs (run_id, tenant, definition, version, session_id, fingerprint, priority, created_at, status, epoch,
      ready, ended_at, last_seq)
    SELECT 'run-' || n, 't', CASE n % ${every} WHEN 0 THEN 'short' ELSE 'long' END, '1', 's', 'f', 0, n,
      CASE n % 3 WHEN 0 THEN 'completed' ELSE 'failed' END, 1, false, n, 1
    FROM generate_series(1, ${runs}) AS v (n) ORDER BY n;
    INSERT INTO events (id, run, seq, at, type, data) SELECT nextval('positions'), id, 1, id, 'run.created', '{}' FROM runs;
    ANALYZE`)
}

async function plan(statement: string): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN (GENERIC_PLAN) ${statement}`)
  return rows.map((row) => row['QUERY PLAN']).join('\n')
}

test('pruning goes by indices alone, and takes those that ended first of all statuses', async () => {
  await fill(20_000, 20)
  const { books, ...removal } = removalSql
  const statements = [...Object.values(pruneSql), ...Object.values(removal), ...books]
  const looks = [readSql.prunable, readSql.chargedTo]
  for (const statement of [...statements, ...looks, moneySql.renameAdjusts, moneySql.renamePast]) {
    expect(await plan(statement), statement).not.toMatch(/Seq Scan/)
  }
  expect(await plan(pruneSql.roots)).toContain('runs_ended')
  expect(await plan(readSql.prunable)).toContain('runs_ended')
  expect(await plan(moneySql.renamePast)).toContain('ledger_past')
  expect(await store.log.prune('system', { ...everything, limit: 70 })).toBe(70)
  const { rows } = await client.query(
    `SELECT min(ended_at) AS first, count(*) AS count FROM runs WHERE definition = 'short'`,
  )
  expect(rows).toEqual([{ first: 71 * 20, count: 930 }])
  expect(await store.log.prune('system', everything)).toBe(930)
  expect((await client.query('SELECT count(*) AS count FROM events')).rows).toEqual([{ count: 19_000 }])
})

test('claims and the count of places go by indices of what is ready and held alone', async () => {
  await fill(1_000, 2)
  const claim = await plan(leaseSql.claim)
  for (const index of ['runs_ready', 'runs_ready_workflows', 'runs_places']) expect(claim).toContain(`using ${index} `)
  for (const text of [leaseSql.claim, leaseSql.isLeft, leaseSql.isClaimable, leaseSql.lockPlaces]) {
    expect(await plan(text)).not.toContain('Seq Scan')
  }
})

test('trees of many runs go whole, and what is behind them in further steps', async () => {
  await fill(700, 1)
  await client.query(`UPDATE runs SET parent_run = 'run-1' WHERE id BETWEEN 2 AND 580`)
  expect(await store.log.prune(scope, { ...everything, limit: 2 })).toBe(581)
  expect(await store.log.prune(scope, everything)).toBe(119)
})

test('a root whose tree is reopened in the same moment stays', async () => {
  await fill(3, 1)
  await client.query(`BEGIN; UPDATE runs SET ended_at = NULL, status = 'queued', ready = true WHERE run_id = 'run-1'`)
  const pruning = store.log.prune(scope, everything)
  const locked = `SELECT 1 FROM pg_locks WHERE NOT granted`
  while ((await client.query(locked)).rows.length === 0);
  await client.query('COMMIT')
  expect(await pruning).toBe(2)
  expect((await store.log.runs(scope)).map(({ runId }) => runId)).toEqual(['run-1'])
})

test('a new run whose id belonged to a pruned one is no workflow because that one was', async () => {
  await store.leases.join('e')
  const run: NewRun = {
    runId: 'again',
    tenant: 't',
    definition: 'short',
    version: '1',
    sessionId: 's',
    priority: 0,
    fingerprint: 'f',
  }
  const created = { type: 'progress.reported', at: 1, data: { message: 'm' } } as const
  const completed = { type: 'run.completed', at: 2, data: { result: { value: null } } } as const
  await store.log.create(scope, { ...run, isWorkflow: true }, [created], 'e')
  await store.log.append(scope, { runId: 'again', epoch: 1, expectedSeq: 1, events: [completed] })
  expect(await store.log.prune(scope, everything)).toBe(1)
  await store.log.create(scope, { ...run, fingerprint: 'other' }, [created])
  const claims = await store.leases.claim('e', { limit: 1, definitions: ['short@1'], maxWorkflows: 0 })
  expect(claims.map(({ runId }) => runId)).toEqual(['again'])
})
