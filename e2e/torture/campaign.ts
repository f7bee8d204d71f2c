import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { seededRandom } from '@meepo/core'
import { createSimulator } from '@meepo/simulator'
import { auditEnd, auditNow, type Evidence } from './audit/audit.ts'
import type { Violation } from './audit/violation.ts'
import { planOf } from './bugs/names.ts'
import { Crew } from './crew.ts'
import { createDatabase, openStore, type StoreKind, type TestDatabase } from '../database.ts'
import { openBodies, readBodies, readLines, readStoreLines, storeFile, type StoreLine } from './evidence.ts'
import { createScript } from './model-script.ts'
import { Outages } from './outages.ts'
import {
  addDatabaseKills,
  databasePoint,
  passesToSkip,
  planAgain,
  planHunt,
  planKills,
  takeoverPoint,
  type PlannedKill,
} from './plan.ts'
import { Pump } from './pump.ts'
import { Watch, type SeenRun } from './watch.ts'

/** What a campaign is. */
export interface CampaignOptions {
  /** A planted bug brings its own number. */
  readonly kills: number
  /** `sqlite` unless said. */
  readonly store?: StoreKind
  /** Besides: how often the server of the database is killed. */
  readonly databaseKills?: number
  readonly seed: string
  readonly bug?: string
  /** Keeps the folder with the database and all evidence. */
  readonly isKept?: boolean
  /** Audits after each kill and ends with the first violation. */
  readonly isEager?: boolean
  readonly onProgress?: (line: string) => void
}

/** A kill as it happened. */
interface Kill {
  readonly point: string
  readonly workers: number
  /** Steps that were in flight in the killed process. */
  readonly open: number
}

export interface CampaignResult {
  readonly folder: string
  readonly kills: readonly Kill[]
  readonly violations: readonly Violation[]
  readonly figures: Readonly<Record<string, number>>
  readonly seconds: number
}

const minOpen = 10
/** What a worker says of its bodies is a moment old when the parent acts on it. */
const margin = 5
const pointTimeoutMs = 6_000
/** For points that were not reached by the kills that were asked for. */
const extraKills = 10
/** Without any news for so long, what is still open hangs. */
const quietMs = 12_000

/** Kills workers again and again, lets what is left come to its end, and looks whether anything was lost or doubled. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const startedAt = Date.now()
  const source = seededRandom(options.seed)
  const random = (): number => source.next()
  const folder = mkdtempSync(join(tmpdir(), 'meepo-torture-'))
  const database = await createDatabase(options.store ?? 'sqlite', folder)
  const simulator = await createSimulator({ script: createScript(random) })
  const store = await openStore(database.address)
  const outages = new Outages()
  const settings = {
    folder,
    database: database.address,
    modelUrl: simulator.url,
    concurrency: 200,
    isRough: true,
    workload: 'torture',
    isClockJumping: false,
    ...(options.bug === undefined ? {} : { bug: options.bug, ...idleOf(options.bug) }),
  } as const
  const crew = new Crew(settings, random)
  const pump = new Pump(crew, folder, outages, random)
  const watch = new Watch(store, pump.onEvent)
  const evidence = (): Evidence => ({
    runs: watch.runs,
    bodies: readBodies(folder),
    lines: readStoreLines(folder),
    invoice: simulator.journal.entries(),
    acknowledged: pump.acknowledged,
    left: pump.left,
    outages,
    problems: pump.problems,
  })
  const kills: Kill[] = []
  let violations: readonly Violation[] = []
  try {
    pump.begin(watch)
    const kinds = options.bug === undefined ? planKills(options.kills, random) : planHunt(planOf(options.bug), random)
    const plan = addDatabaseKills(kinds, options.databaseKills ?? 0)
    for (let next = plan.shift(); next; next = plan.shift()) {
      const kill = next.isOfDatabase
        ? await killDatabase(crew, database, outages, next, random)
        : await killOnce(crew, folder, next, random)
      if (kill.point !== next.point) planAgain(plan, next.point, kills.length < options.kills + extraKills)
      kills.push(kill)
      options.onProgress?.(
        `kill ${kills.length}/${kills.length + plan.length} at ${kill.point}, ${kill.open} steps in flight, ${watch.runs.size} runs`,
      )
      if (options.isEager !== true) continue
      const until = await settle()
      violations = auditNow(evidence(), until)
      if (violations.length > 0) break
    }
    if (violations.length === 0) {
      await finish(crew, pump, watch)
      await crew.size(0)
      await settle()
      violations = await auditEnd(evidence(), store)
    }
  } finally {
    pump.end()
    await crew.killAll()
    await watch.close()
    await simulator.close()
    await store.close()
    await database.remove()
  }
  const figures = count(evidence(), crew)
  if (options.isKept !== true && violations.length === 0) rmSync(folder, { recursive: true })
  return { folder, kills, violations, figures, seconds: (Date.now() - startedAt) / 1000 }
}

function idleOf(bug: string): { idleMs?: number } {
  const { idleMs } = planOf(bug)
  return idleMs === undefined ? {} : { idleMs }
}

/** Kills the server while workers are busy. They live on, and go on when it is back. */
async function killDatabase(
  crew: Crew,
  database: TestDatabase,
  outages: Outages,
  { workers }: PlannedKill,
  random: () => number,
): Promise<Kill> {
  await crew.size(workers)
  await crew.anyBusy(minOpen + margin, 4_000)
  await delay(random() * 300)
  const open = crew.ready.reduce((sum, worker) => sum + worker.openBodies, 0)
  // Shorter, and longer, than engines wait before they take others for dead.
  await outages.during(() => database.crash(random() * 2_000))
  return { point: databasePoint, workers, open }
}

async function killOnce(crew: Crew, folder: string, planned: PlannedKill, random: () => number): Promise<Kill> {
  await crew.size(planned.workers)
  if (planned.isStalling) {
    const stalled = await crew.anyBusy(minOpen, 4_000)
    await crew.stall(stalled, 1_800)
  }
  const victim = await crew.anyBusy(planned.point === takeoverPoint ? 0 : minOpen, 4_000)
  const { worker } = victim
  if (planned.point === 'random') {
    await delay(random() * 1_000)
    for (let waited = 0; victim.openBodies < minOpen + margin && waited < 2_000; waited += 20) await delay(20)
    await victim.kill()
  } else {
    const order = {
      point: planned.point,
      skip: passesToSkip(planned.point, random),
      minOpen: planned.point === takeoverPoint ? 1 : minOpen,
    }
    void victim.ask({ kind: 'arm', order })
    await Promise.race([victim.gone, delay(pointTimeoutMs)])
    if (!victim.isGone) await victim.kill()
  }
  // Our own workers wrote this file.
  const killed = (readLines(storeFile(folder, worker)) as readonly StoreLine[]).find((line) => line.kind === 'killed')
  return {
    point: killed?.kind === 'killed' ? killed.point : 'random',
    workers: planned.workers,
    open: openBodies(folder, worker),
  }
}

/** Lets the follower see what is durable. Returns the moment up to which it has seen everything. */
async function settle(): Promise<number> {
  const until = Date.now()
  await delay(400)
  return until
}

/** No kill any more: everything comes to its end, or rests. */
async function finish(crew: Crew, pump: Pump, watch: Watch): Promise<void> {
  pump.isStarting = false
  await crew.size(2)
  const begun = Date.now()
  for (;;) {
    const hanging = pump.openRuns.filter((run) => !isResting(run, pump.left))
    if (hanging.length === 0) return
    if (Date.now() - Math.max(begun, watch.lastAt) > quietMs || Date.now() - begun > 90_000) return
    await delay(100)
  }
}

function isResting(run: SeenRun, left: ReadonlySet<string>): boolean {
  return left.has(run.runId) && run.unknown.size > 0
}

function count({ runs, bodies, lines, invoice }: Evidence, crew: Crew): Record<string, number> {
  const all = [...runs.values()]
  const refusals = lines.filter((line) => line.kind === 'refused').length
  return {
    workers: crew.started,
    runs: all.length,
    'runs ended': all.filter((run) => run.isEnded).length,
    events: all.reduce((sum, run) => sum + run.events.length, 0),
    bodies: bodies.filter((line) => line.phase === 'begin').length,
    effects: bodies.filter((line) => line.phase === 'effect').length,
    'model calls billed': invoice.filter((entry) => entry.billed).length,
    'acknowledged appends': lines.filter((line) => line.kind === 'appended').length,
    'acknowledged deliveries': lines.filter((line) => line.kind === 'delivered').length,
    'runs taken over': lines.reduce((sum, line) => sum + (line.kind === 'took over' ? line.runs : 0), 0),
    'appends refused': refusals,
    'unknown steps': all.reduce(
      (sum, run) => sum + run.events.filter(({ event }) => event.type === 'step.unknown').length,
      0,
    ),
  }
}
