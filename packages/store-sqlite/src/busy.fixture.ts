import { DatabaseSync } from 'node:sqlite'
import { workerData } from 'node:worker_threads'
import { beginWriting } from './write-lock.ts'

// A writer that is never idle: it holds the lock for three milliseconds, and begins again a moment later.
// What the test gives it.
const { path, counts } = workerData as { path: string; counts: Int32Array }
const db = new DatabaseSync(path)
db.exec('PRAGMA busy_timeout = 0; PRAGMA synchronous = OFF')
const begin = db.prepare('BEGIN IMMEDIATE')
while (Atomics.load(counts, 1) === 0) {
  beginWriting(begin)
  spin(3)
  db.exec('COMMIT')
  Atomics.add(counts, 0, 1)
  Atomics.notify(counts, 0)
  spin(0.1)
}
db.close()

function spin(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}
