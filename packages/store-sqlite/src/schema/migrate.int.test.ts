import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { checkStillKnown, migrate, migrations, readFormat } from './migrate.ts'
import type { Migration } from './migration.ts'

const second: Migration = {
  number: migrations.length + 1,
  name: 'planted',
  isBreaking: false,
  sql: 'ALTER TABLE runs ADD COLUMN planted TEXT; CREATE TABLE planted (a INTEGER) STRICT',
}
const broken: Migration = {
  number: migrations.length + 2,
  name: 'broken',
  isBreaking: true,
  sql: 'CREATE TABLE half (a); SELECT nonsense',
}

function open(): DatabaseSync {
  return new DatabaseSync(':memory:')
}

function schema(db: DatabaseSync): unknown[] {
  return db.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all()
}

test('migrations are numbered without gaps', () => {
  expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1))
})

test('an empty file gets the newest format, and a second run changes nothing', () => {
  const db = open()
  migrate(db)
  expect(readFormat(db)).toBe(migrations.length)
  const before = schema(db)
  migrate(db)
  expect(schema(db)).toEqual(before)
})

test('a file of the previous format keeps its rows and gets what is new', () => {
  const db = open()
  migrate(db)
  db.exec("INSERT INTO engines (engine, beat) VALUES ('e', 7)")
  migrate(db, [...migrations, second])
  expect(readFormat(db, [...migrations, second])).toBe(second.number)
  expect(db.prepare('SELECT engine, beat FROM engines').all()).toEqual([{ engine: 'e', beat: 7 }])
  expect(db.prepare('SELECT count(*) AS rows FROM planted').get()).toEqual({ rows: 0 })
})

test('a file of the first format keeps its runs when money and limits come', () => {
  const db = open()
  migrate(db, migrations.slice(0, 1))
  db.exec(`INSERT INTO runs (run_id, tenant, definition, version, session_id, fingerprint, priority, created_at, status,
      epoch, ready) VALUES ('r', 't', 'd', '1', 's', 'f', 0, 1, 'queued', 0, 1);
    INSERT INTO events (run, seq, at, type, data) VALUES (1, 1, 1, 'run.created', '{}')`)
  migrate(db)
  expect(readFormat(db)).toBe(migrations.length)
  expect(db.prepare('SELECT run_id, status FROM runs').all()).toEqual([{ run_id: 'r', status: 'queued' }])
  expect(db.prepare('SELECT count(*) AS events FROM events').get()).toEqual({ events: 1 })
  const empty = migrations.reduce((fresh, { sql }) => (fresh.exec(sql), fresh), open())
  expect(schema(db).length).toBe(schema(empty).length)
})

test('a file from before totals gets them from its roll-ups, and knows which names tenants share', () => {
  const db = open()
  migrate(db, migrations.slice(0, 7))
  db.exec(`INSERT INTO scopes (id, scope, tenant) VALUES (1, '', 'a'), (2, 'user:u', 'a'), (3, 'user:u', 'b'),
      (4, 'user:v', 'b'), (5, 'user:unpaid', 'b'), (6, '', 'b');
    INSERT INTO roll_ups (scope, day, model, dollars, pico, saved_dollars, saved_pico, calls, unpriced, unknown, input,
      cache_read, cache_write, output, reasoning)
    VALUES (2, '2026-11-01', 1, 1, 600000000000, 0, 1, 1, 0, 0, 1, 2, 3, 4, 5),
      (2, '2026-11-02', 1, 2, 700000000000, 0, 1, 2, 1, 1, 1, 2, 3, 4, 5),
      (3, '2026-11-02', 1, -1, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0), (4, '2026-11-02', 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)`)
  migrate(db)
  const columns = 'id, kind, is_shared, dollars, pico, saved_pico, calls, unpriced, unknown, input, reasoning'
  expect(
    db
      .prepare(`SELECT ${columns} FROM scopes ORDER BY id`)
      .all()
      .map((found) => Object.values(found)),
  ).toEqual([
    [1, '', 0, null, 0, 0, 0, 0, 0, 0, 0],
    [2, 'user', 1, 4, 300_000_000_000, 2, 3, 1, 1, 2, 10],
    [3, 'user', 1, -1, 5, 0, 1, 0, 0, 0, 0],
    [4, 'user', 0, 0, 0, 0, 0, 0, 0, 0, 0],
    [5, 'user', 0, null, 0, 0, 0, 0, 0, 0, 0],
    [6, '', 0, null, 0, 0, 0, 0, 0, 0, 0],
  ])
})

test('a migration that fails leaves the file as it was', () => {
  const db = open()
  migrate(db)
  const before = schema(db)
  expect(() => migrate(db, [...migrations, second, broken])).toThrow('nonsense')
  expect(schema(db)).toEqual(before)
  expect(readFormat(db)).toBe(migrations.length)
})

test('a file of a newer release is refused, whether its migration was breaking or not', () => {
  const db = open()
  migrate(db, [...migrations, second])
  expect(() => migrate(db)).toThrow(expect.objectContaining({ code: 'store.newer_format' }))
})

test('a process that has the file open goes on after a migration that is not breaking', () => {
  const db = open()
  migrate(db, [...migrations, second])
  expect(() => checkStillKnown(db)).not.toThrow()
  const breaking = { ...second, number: broken.number, sql: 'CREATE TABLE third (a)', isBreaking: true }
  migrate(db, [...migrations, second, breaking])
  expect(() => checkStillKnown(db)).toThrow(expect.objectContaining({ code: 'store.newer_format' }))
})

test('a database of something else is refused and not changed', () => {
  const db = open()
  db.exec('CREATE TABLE theirs (a)')
  expect(() => migrate(db)).toThrow(expect.objectContaining({ code: 'store.corrupt' }))
  expect(schema(db)).toHaveLength(1)
})
