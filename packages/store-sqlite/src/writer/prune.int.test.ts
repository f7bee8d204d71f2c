import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { sql as readSql } from '../read/sql.ts'
import { migrate } from '../schema/migrate.ts'
import { Desk } from './desk.ts'
import { prune, type Pruned } from './prune.ts'
import { forgetSql, pruneSql, sql } from './sql.ts'

/** A file of so many ended runs with one event each, one in `every` of them of the definition `short`. */
function openFull(runs: number, every: number): DatabaseSync {
  const db = new DatabaseSync(':memory:')
  migrate(db)
  db.exec(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${runs})
    INSERT INTO runs (run_id, tenant, definition, version, session_id, fingerprint, priority, created_at, status, epoch,
      ready, ended_at)
    SELECT 'run-' || n, 't', iif(n % ${every} = 0, 'short', 'long'), '1', 's', 'f', 0, n, 'completed', 1, 0, n
    FROM numbers;
    INSERT INTO events (run, seq, at, type, data) SELECT id, 1, id, 'run.created', '{}' FROM runs;
    INSERT INTO blobs (tenant, hash, body) VALUES ('t', 'h', 'body');
    INSERT INTO blob_uses (run, blob) SELECT id, 1 FROM runs WHERE id % 1000 = 0;
    ANALYZE;`)
  return db
}

function plan(db: DatabaseSync, statement: string): readonly string[] {
  return db
    .prepare(`EXPLAIN QUERY PLAN ${statement}`)
    .all()
    .map(({ detail }) => String(detail))
}

test('pruning 1,000 of 100,000 runs scans no table of runs, events, mail, blobs or the ledger', () => {
  const db = openFull(100_000, 100)
  const { usedBlobs, deleteUnusedBlob, deleteEvents, deleteMail, deleteAccounts, deleteBlobUses, deleteRun } = forgetSql
  const { runsWithOpenCalls, rootsAmong, ...pruning } = pruneSql
  const statements = [
    ...Object.values(pruning),
    forgetSql.tree,
    usedBlobs,
    deleteUnusedBlob,
    deleteEvents,
    deleteMail,
    deleteAccounts,
    deleteBlobUses,
    deleteRun,
  ]
  for (const statement of statements) {
    const scans = plan(db, statement).filter((step) => step.startsWith('SCAN') && step !== 'SCAN tree')
    expect(scans, statement).toEqual([])
  }
  // As many rows as calls are under way.
  expect(plan(db, runsWithOpenCalls).filter((step) => step.startsWith('SCAN'))).toEqual(['SCAN o'])
  // Of the named runs each by its id.
  expect(plan(db, rootsAmong)).toEqual([
    expect.stringMatching(/^SCAN wanted VIRTUAL TABLE/),
    expect.stringMatching(/^SEARCH r USING INDEX sqlite_autoindex_runs_1 \(run_id=\?\)/),
    expect.stringContaining('ORDER BY'),
  ])
  expect(plan(db, readSql.prunable)).toContainEqual(
    expect.stringContaining('runs_ended (definition=? AND status=? AND'),
  )
  expect(plan(db, readSql.chargedTo)).toEqual([
    expect.stringMatching(/^SEARCH r USING INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)/),
    expect.stringMatching(/^SEARCH e USING INDEX events_run/),
  ])
  expect(plan(db, pruneSql.roots)).toEqual([expect.stringContaining('runs_ended (definition=? AND status=? AND')])
  const desk = new Desk(db)
  const told: Pruned[] = []
  const common = { definition: 'short', status: 'completed', endedBefore: 1e9 } as const
  for (let after: Pruned['next'] = { endedAt: -1, key: 0 }; after !== null; after = told.at(-1)?.next ?? null) {
    told.push(prune(desk, null, { ...common, after, limit: 1_000 }))
  }
  expect(told.reduce((sum, { runs }) => sum + runs, 0)).toBe(1_000)
  expect(Math.max(...told.map(({ trees }) => trees))).toBe(64)
  expect(db.prepare('SELECT count(*) AS runs FROM runs').get()).toEqual({ runs: 99_000 })
  expect(db.prepare('SELECT count(*) AS events FROM events').get()).toEqual({ events: 99_000 })
})

test('claims and the count of places go by indices of what is ready and held alone', () => {
  const db = openFull(1_000, 2)
  expect(plan(db, sql.claimable)).toContain('SCAN runs USING INDEX runs_ready')
  expect(plan(db, sql.claimableWorkflows)).toContain('SCAN runs USING INDEX runs_ready_workflows')
  expect(plan(db, sql.placesHeld)).toEqual(['SCAN runs USING COVERING INDEX runs_places'])
  const looked = plan(db, readSql.isClaimable).filter((step) => step.includes('runs'))
  expect(looked.every((step) => step.includes('INDEX runs_'))).toBe(true)
})

test('a tree of many runs is one step, and the next begins behind it', () => {
  const db = openFull(600, 1)
  db.exec(`UPDATE runs SET parent_run = 'run-1' WHERE id BETWEEN 2 AND 580`)
  const desk = new Desk(db)
  const step = { definition: 'short', status: 'completed', endedBefore: 1e9, limit: 100 } as const
  const first = prune(desk, null, { ...step, after: { endedAt: -1, key: 0 } })
  expect(first).toEqual({ runs: 580, trees: 1, next: { endedAt: 1, key: 1 } })
  expect(prune(desk, null, { ...step, after: { endedAt: 1, key: 1 } })).toEqual({ runs: 20, trees: 20, next: null })
})
