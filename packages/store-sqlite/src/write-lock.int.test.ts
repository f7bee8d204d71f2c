import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Worker } from 'node:worker_threads'
import { afterAll, expect, test } from 'vitest'
import { beginWriting } from './write-lock.ts'

const folder = mkdtempSync(join(tmpdir(), 'meepo-lock-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A connection as the writer has it. */
function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA busy_timeout = 0; PRAGMA synchronous = OFF')
  return db
}

test('a writer that is never idle does not keep the lock from others', async () => {
  const path = join(folder, 'busy.db')
  const db = connect(path)
  const counts = new Int32Array(new SharedArrayBuffer(8))
  const worker = new Worker(new URL('busy.fixture.ts', import.meta.url), { workerData: { path, counts } })
  const ended = new Promise((resolve) => worker.once('exit', resolve))
  while (Atomics.load(counts, 0) < 5) await new Promise((resolve) => setImmediate(resolve))
  const begin = db.prepare('BEGIN IMMEDIATE')
  const own = 20
  let others = 0
  for (let written = 0; written < own; written++) {
    const before = Atomics.load(counts, 0)
    Atomics.wait(counts, 0, before)
    beginWriting(begin)
    others += Atomics.load(counts, 0) - before
    db.exec('COMMIT')
  }
  Atomics.store(counts, 1, 1)
  await ended
  db.close()
  // With the busy timeout of SQLite it is in the hundreds, or none is written at all.
  expect(others / own).toBeLessThan(25)
})

test('an error that is not about the lock is told at once', () => {
  const db = connect(join(folder, 'errors.db'))
  const begin = db.prepare('BEGIN IMMEDIATE')
  beginWriting(begin)
  expect(() => beginWriting(begin)).toThrow('within a transaction')
  db.close()
})
