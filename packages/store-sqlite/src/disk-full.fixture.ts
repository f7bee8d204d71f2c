import { MeepoError, type NewEvent } from '@meepo/core'
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteStore } from './open.ts'

// A process of its own that fills a disk: `disk-full.fixture.ts FOLDER BOUND`. BOUND is `disk` (the folder is a small disk:
// space comes back by removing a file) or `limit` (files of this process may grow so far: the limit is lifted). It prints
// what it found as JSON.
const [folder = '', bound = ''] = process.argv.slice(2)
const path = join(folder, 'meepo.db')
const ballast = join(folder, 'ballast')
if (bound === 'disk') writeFileSync(ballast, Buffer.alloc(4_000_000))

const scope = { tenant: 't' } as const
const store = await openSqliteStore({ path })
await store.leases.join('e')
const runs = Array.from({ length: 20 }, (_, index) => `run-${index}`)
for (const runId of runs) {
  const run = { runId, tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
  await store.log.create(scope, run, [note(1)], 'e')
}

function note(seq: number): NewEvent {
  return { type: 'progress.reported', at: seq, data: { message: `${seq} ${'x'.repeat(10_000)}` } }
}

/** Appends until it is refused, or `most` times. Returns the last acknowledged seq, and the code of the refusal. */
async function append(runId: string, from: number, most: number): Promise<{ seq: number; code?: string }> {
  for (let seq = from; seq < from + most; seq++) {
    try {
      await store.log.append(scope, { runId, epoch: 1, expectedSeq: seq, events: [note(seq + 1)] })
    } catch (thrown) {
      return { seq, code: MeepoError.is(thrown) ? thrown.code : String(thrown) }
    }
  }
  return { seq: from + most }
}

async function lengths(): Promise<readonly number[]> {
  return Promise.all(runs.map(async (runId) => (await store.log.read(scope, runId)).length))
}

const filled = await Promise.all(runs.map((runId) => append(runId, 1, 100_000)))
const kept = await lengths()
// It stays full, and can be read.
const again = await Promise.all(runs.map((runId, index) => append(runId, filled[index]?.seq ?? 0, 1)))
if (bound === 'disk') rmSync(ballast)
else execFileSync('prlimit', ['--pid', String(process.pid), '--fsize=unlimited:unlimited'])
const resumed = await Promise.all(again.map(({ seq }, index) => append(runs[index] ?? '', seq, 5)))
const grown = await lengths()
await store.close()
const db = new DatabaseSync(path)
const integrity = db.prepare('PRAGMA integrity_check').get()
const rows = db.prepare('SELECT count(*) AS count FROM events').get()
db.close()
process.stdout.write(JSON.stringify({ filled, kept, again, resumed, grown, integrity, rows }))
