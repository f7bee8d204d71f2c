// Two processes on one database: they share the work, and none ever does what is another's.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import type { Store } from '@meepo/core'
import { createEmbeddedEngine } from '@meepo/engine-embedded'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDatabase, openStore, storeKinds, type StoreKind, type TestDatabase } from './database.ts'
import { auditEffects } from './torture/audit/effects.ts'
import { auditOwners } from './torture/audit/owners.ts'
import { openLines, readBodies, readStoreLines, type BodyLine } from './torture/evidence.ts'
import { buildShared } from './torture/shared-workload.ts'
import { Outages } from './torture/outages.ts'
import { Watch } from './torture/watch.ts'
import { WorkerProcess } from './torture/worker-process.ts'

let folder = ''
let database: TestDatabase
let store: Store
let watch: Watch
let workers: WorkerProcess[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meepo-two-engines-'))
})

/** Makes what the workers share. */
async function open(kind: StoreKind): Promise<void> {
  database = await createDatabase(kind, folder)
  store = await openStore(database.address)
  watch = new Watch(store, () => {})
}

afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()))
  workers = []
  await watch.close()
  await store.close()
  await database.remove()
  rmSync(folder, { recursive: true })
})

async function startWorkers(
  concurrency: number,
  isClockJumping = false,
): Promise<readonly [WorkerProcess, WorkerProcess]> {
  const settings = {
    folder,
    database: database.address,
    modelUrl: 'http://127.0.0.1:9',
    idleMs: 10_000,
    concurrency,
    isRough: false,
    workload: 'shared',
  } as const
  const first = new WorkerProcess({ ...settings, worker: 1, armFile: join(folder, 'arm-1'), isClockJumping })
  const second = new WorkerProcess({ ...settings, worker: 2, armFile: join(folder, 'arm-2'), isClockJumping: false })
  workers = [first, second]
  await Promise.all([first.ready(), second.ready()])
  return [first, second]
}

/** Puts runs into the queue from a third process, which drives none itself. */
async function queueRuns(count: number, ms: number, spreadMs = 0): Promise<void> {
  const idle = createEmbeddedEngine({ store, concurrency: 0 })
  const world = {
    folder,
    worker: 0,
    lines: openLines(join(folder, 'none')),
    point: () => {},
    open: { count: 0 },
    isRough: false,
  }
  idle.register(...buildShared(world))
  const starts = Array.from({ length: count }, (_, number) =>
    idle.start('shared', { number, ms: ms + (number % 5) * spreadMs }, { isQueued: true }),
  )
  await Promise.all(starts)
  await idle.stop()
}

/** Resolves when every run ended, or rests on a person. */
async function allDone(count: number): Promise<void> {
  for (;;) {
    const runs = [...watch.runs.values()]
    if (runs.length === count && runs.every((run) => run.isEnded || run.unknown.size > 0)) return
    await delay(50)
  }
}

/** How often each operation began. */
function beginnings(bodies: readonly BodyLine[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { phase, operation } of bodies)
    if (phase === 'begin') counts.set(operation, (counts.get(operation) ?? 0) + 1)
  return counts
}

function evidence(): Parameters<typeof auditEffects>[0] {
  const nothing = {
    invoice: [],
    acknowledged: new Map(),
    left: new Set<string>(),
    outages: new Outages(),
    nodes: [],
    problems: [],
  }
  return { ...nothing, runs: watch.runs, bodies: readBodies(folder), lines: readStoreLines(folder) }
}

test.each(storeKinds)(
  'two engines on %s share 1,000 runs: each is started once, and both take at least 30 %',
  async (kind) => {
    await open(kind)
    await startWorkers(100)
    await queueRuns(1_000, 4)
    await allDone(1_000)
    const { bodies, lines } = evidence()
    const counts = beginnings(bodies)
    expect(counts.size).toBe(4_000)
    expect([...counts.values()].every((count) => count === 1)).toBe(true)
    expect([...watch.runs.values()].every((run) => run.isEnded)).toBe(true)
    expect(lines.filter((line) => line.kind === 'refused' || line.kind === 'took over')).toEqual([])
    const firsts = bodies.filter((line) => line.phase === 'begin' && line.operation.endsWith('/first'))
    const shares = [1, 2].map((worker) => firsts.filter((line) => line.worker === worker).length / 1_000)
    process.stdout.write(
      `two engines on ${kind} shared 1,000 runs ${shares.map((share) => `${Math.round(share * 100)} %`).join(' to ')}\n`,
    )
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.3)
  },
)

/** Resolves when a worker has taken so many runs. */
async function claimedBy(worker: number, count: number): Promise<void> {
  const claims = () => readStoreLines(folder).filter((line) => line.worker === worker && line.kind === 'claimed')
  while (claims().length < count) await delay(50)
}

/** Stops it where it does not hold the lock of the file: with it, nobody could write until it goes on. */
async function stallBetweenWrites(worker: WorkerProcess): Promise<void> {
  const db = new DatabaseSync(join(folder, 'meepo.db'), { timeout: 500 })
  for (;;) {
    worker.stall()
    try {
      db.exec('BEGIN IMMEDIATE; ROLLBACK')
      db.close()
      return
    } catch {
      worker.goOn()
      await delay(20)
    }
  }
}

test('an engine that was stopped for 10 s in mid-run is refused when it goes on, and no effect is doubled', async () => {
  await open('sqlite')
  const [first] = await startWorkers(150)
  await queueRuns(200, 1_500, 700)
  await claimedBy(1, 50)
  await delay(1_500)
  await stallBetweenWrites(first)
  const stalledAt = Date.now()
  await delay(10_000)
  const other = readStoreLines(folder).filter(
    (line) => line.worker === 2 && line.kind === 'claimed' && line.at > stalledAt,
  )
  first.goOn()
  await allDone(200)
  await delay(1_000)
  const found = evidence()
  const refused = found.lines.filter((line) => line.kind === 'refused' && line.worker === 1)
  process.stdout.write(
    `one engine was stopped: ${other.length} runs changed hands, ${refused.length} of its appends were refused\n`,
  )
  expect(other.length).toBeGreaterThan(0)
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused.map((line) => line.kind === 'refused' && line.code))).toContain('store.fenced')
  expect(auditOwners(found)).toEqual([])
  expect(auditEffects(found)).toEqual([])
  // What was under way and must not be repeated rests on a person; everything else came to its end.
  for (const run of watch.runs.values()) expect(run.isEnded || run.unknown.size === 1).toBe(true)
})

test.each(storeKinds)(
  'on %s a wall clock that jumps by an hour, back and forth, neither steals nor doubles',
  async (kind) => {
    await open(kind)
    await startWorkers(50, true)
    await queueRuns(300, 60)
    await allDone(300)
    const found = evidence()
    expect(found.lines.filter((line) => line.kind === 'refused' || line.kind === 'took over')).toEqual([])
    expect([...beginnings(found.bodies).values()].every((count) => count === 1)).toBe(true)
    expect(new Set(found.bodies.map((line) => line.worker))).toEqual(new Set([1, 2]))
    expect([...watch.runs.values()].every((run) => run.isEnded)).toBe(true)
    expect([...auditOwners(found), ...auditEffects(found)]).toEqual([])
  },
)
