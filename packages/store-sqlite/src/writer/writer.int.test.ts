import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { encodeAppend, encodeCommand, encodeCreate } from '../client/encode.ts'
import type { Batch, Command } from '../protocol.ts'
import { migrate, migrations } from '../schema/migrate.ts'
import type { Migration } from '../schema/migration.ts'
import { Writer, type FaultPoint } from './writer.ts'

const next: Migration = {
  number: migrations.length + 1,
  name: 'planted',
  isBreaking: true,
  sql: 'CREATE TABLE planted (a INTEGER) STRICT',
}

interface Setup {
  readonly db: DatabaseSync
  readonly writer: Writer
  /** Set to fail the next transaction at a point with a result of SQLite. */
  readonly plan: { point?: FaultPoint; errcode?: number }
}

function setUp(): Setup {
  const db = new DatabaseSync(':memory:')
  migrate(db)
  const plan: Setup['plan'] = {}
  const onPoint = (point: FaultPoint): void => {
    if (point !== plan.point) return
    delete plan.point
    throw Object.assign(new Error('planted'), { errcode: plan.errcode })
  }
  const writer = new Writer(db, { onPoint })
  writer.handle(command({ kind: 'join', engine: 'e' }))
  return { db, writer, plan }
}

function command(...commands: Command[]): Batch {
  const batch: Batch = []
  for (const one of commands) encodeCommand(batch, one)
  return batch
}

function create(...runIds: string[]): Batch {
  const batch: Batch = []
  for (const runId of runIds) {
    const run = { runId, tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
    encodeCreate(batch, run, 'e', [{ type: 'progress.reported', at: 1, data: {} }])
  }
  return batch
}

function append(runId: string, expectedSeq: number, count = 1, at = 1): Batch {
  const batch: Batch = []
  const events = Array.from({ length: count }, () => ({ type: 'progress.reported', at, data: {} }) as const)
  encodeAppend(batch, { tenant: 't' }, { runId, epoch: 1, expectedSeq, events })
  return batch
}

function seqs(db: DatabaseSync): unknown[] {
  return db
    .prepare('SELECT run, seq FROM events ORDER BY id')
    .all()
    .map(({ run, seq }) => `${Number(run)}:${Number(seq)}`)
}

test.each(['store.begin', 'store.before_commit'] as const)(
  'a full disk at %s refuses the whole batch and nothing of it stays',
  (point) => {
    const { db, writer, plan } = setUp()
    writer.handle(create('a', 'b'))
    Object.assign(plan, { point, errcode: 13 })
    const answer = writer.handle([...append('a', 1), ...append('b', 1), ...create('c')])
    expect(answer.refused.map(([part, { code }]) => [part, code])).toEqual(
      [0, 1, 2].map((part) => [part, 'store.disk_full']),
    )
    expect(answer.firstEvent).toBe(0)
    expect(seqs(db)).toEqual(['1:1', '2:1'])
    const again = writer.handle([...append('a', 1), ...create('c')])
    expect(again).toMatchObject({ refused: [], firstEvent: 3, lastEvent: 4 })
    expect(seqs(db)).toEqual(['1:1', '2:1', '1:2', '3:1'])
  },
)

test('a disk that really is full refuses what does not fit, and takes it when there is room', () => {
  const { db, writer } = setUp()
  writer.handle(create('a'))
  const { page_count: pages } = db.prepare('PRAGMA page_count').get() ?? {}
  db.exec(`PRAGMA max_page_count = ${Number(pages) + 1}`)
  const big = append('a', 1, 2_000)
  expect(writer.handle(big).refused[0]?.[1].code).toBe('store.disk_full')
  expect(seqs(db)).toEqual(['1:1'])
  db.exec('PRAGMA max_page_count = 100000')
  expect(writer.handle(big).refused).toEqual([])
  expect(seqs(db)).toHaveLength(2_001)
})

test('after a failed fsync nothing is written any more', () => {
  const { db, writer, plan } = setUp()
  writer.handle(create('a'))
  Object.assign(plan, { point: 'store.before_commit', errcode: 1034 })
  const answer = writer.handle(append('a', 1))
  expect(answer.fatal).toContain('planted')
  expect(answer.refused[0]?.[1].code).toBe('store.failed')
  expect(writer.handle(append('a', 1)).refused[0]?.[1].code).toBe('store.failed')
  expect(seqs(db)).toEqual(['1:1'])
})

test('a lock that is not given up in time can be tried again', () => {
  const { writer, plan } = setUp()
  Object.assign(plan, { point: 'store.begin', errcode: 5 })
  expect(writer.handle(create('a')).refused[0]?.[1]).toMatchObject({ code: 'store.failed', retryable: true })
  expect(writer.handle(create('a')).refused).toEqual([])
})

test('a part that does not fit the database is refused alone', () => {
  const { db, writer } = setUp()
  writer.handle(create('a', 'b', 'c'))
  // Not-a-number is stored as NULL, which the column does not take.
  const answer = writer.handle([...append('a', 1), ...append('b', 1, 1, Number.NaN), ...append('c', 1)])
  expect(answer.refused.map(([part, { code }]) => [part, code])).toEqual([[1, 'store.failed']])
  expect(seqs(db)).toEqual(['1:1', '2:1', '3:1', '1:2', '3:2'])
  expect(writer.handle(append('b', 1)).refused).toEqual([])
  expect(writer.handle(append('b', 2, 1, Number.NaN)).refused).toHaveLength(1)
})

test('a refused part leaves its neighbours alone', () => {
  const { db, writer } = setUp()
  writer.handle(create('a', 'b'))
  const answer = writer.handle([...append('a', 7), ...append('b', 1), ...append('nobody', 1), ...append('b', 2)])
  expect(answer.refused.map(([part, { code }]) => [part, code])).toEqual([
    [0, 'store.sequence_conflict'],
    [2, 'run.not_found'],
  ])
  expect(seqs(db)).toEqual(['1:1', '2:1', '2:2', '2:3'])
})

test('more events than one statement takes are written in order', () => {
  const { db, writer } = setUp()
  writer.handle(create('a'))
  expect(writer.handle(append('a', 1, 21))).toMatchObject({ firstEvent: 2, lastEvent: 22 })
  expect(seqs(db)).toEqual(Array.from({ length: 22 }, (_, index) => `1:${index + 1}`))
})

test('ids of events rise also after retention removed the newest', () => {
  const { writer } = setUp()
  const end: Batch = []
  writer.handle(create('a'))
  encodeAppend(end, 'system', {
    runId: 'a',
    epoch: 1,
    expectedSeq: 1,
    events: [{ type: 'run.completed', at: 1, data: { result: { value: 1 } } }],
  })
  expect(writer.handle(end).lastEvent).toBe(2)
  const forget = command({ kind: 'forget', tenant: null, endedBefore: 5, afterKey: 0 })
  expect(writer.handle(forget).results).toEqual([[0, { runs: 1, afterKey: null }]])
  expect(writer.handle(create('b')).firstEvent).toBe(3)
})

test('a writer stops when another process ran a breaking migration', () => {
  const { db, writer } = setUp()
  migrate(db, [...migrations, next])
  // In a shared file the other connection changes the data version; here a refusal makes the writer look again.
  writer.handle(command({ kind: 'leave', engine: 'e' }))
  const answer = writer.handle(create('a'))
  expect(answer.refused[0]?.[1].code).toBe('store.newer_format')
  expect(writer.handle(command({ kind: 'beat', engine: 'e' })).refused[0]?.[1].code).toBe('store.newer_format')
})

test('a checkpoint that is refused loses nothing', () => {
  const { db, writer } = setUp()
  writer.handle(create('a'))
  writer.checkpoint()
  expect(writer.handle(append('a', 1)).refused).toEqual([])
  writer.close()
  expect(() => writer.checkpoint()).not.toThrow()
  expect(db.isOpen).toBe(false)
})
