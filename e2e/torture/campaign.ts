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
import { createDatabase, openStore, type StoreKind } from '../database.ts'
import { startCluster } from './cluster.ts'
import { readBodies, readStoreLines } from './evidence.ts'
import { countFigures } from './figures.ts'
import { createScript } from './model-script.ts'
import { Outages } from './outages.ts'
import { addKillsOf, planAgain, planHunt, planKills, pointsOf } from './plan.ts'
import { Pump } from './pump.ts'
import { strike, warmUp, type Ground, type Kill } from './strikes.ts'
import { Watch, type SeenRun } from './watch.ts'

/** What a campaign is. */
export interface CampaignOptions {
  /** A planted bug brings its own number. */
  readonly kills: number
  /** `sqlite` unless said. */
  readonly store?: StoreKind
  /** Besides: how often the server of the database is killed. */
  readonly databaseKills?: number
  /** Runs are brought by a Restate cluster of so many nodes. Without, workers fetch them. */
  readonly nodes?: 1 | 3
  /** Besides: how often the whole cluster is killed. */
  readonly clusterKills?: number
  /** Besides: how often one node is killed under 500 runs. */
  readonly nodeKills?: number
  readonly seed: string
  readonly bug?: string
  /** Keeps the folder with the database and all evidence. */
  readonly isKept?: boolean
  /** Audits after each kill and ends with the first violation. */
  readonly isEager?: boolean
  readonly onProgress?: (line: string) => void
}

export interface CampaignResult {
  readonly folder: string
  /** Where workers are killed. */
  readonly points: readonly string[]
  readonly kills: readonly Kill[]
  readonly violations: readonly Violation[]
  readonly figures: Readonly<Record<string, number>>
  readonly seconds: number
}

/** For points that were not reached by the kills that were asked for. */
const extraKills = 10
/** Without any news for so long, what is still open hangs. A drive that was lost is missed after a while. */
const quietMs = { fetching: 12_000, dispatched: 45_000 }
const finishMs = { fetching: 90_000, dispatched: 180_000 }

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
  const points = pointsOf(options.nodes !== undefined)
  const cluster = options.nodes && (await startCluster(options.nodes))
  const nodes = Array.from({ length: options.nodes ?? 0 }, () => new Outages())
  const crew = new Crew(settings, random, cluster)
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
    nodes,
    problems: pump.problems,
  })
  const ground: Ground = { folder, crew, pump, database, outages, cluster, nodes, random }
  const kills: Kill[] = []
  let violations: readonly Violation[] = []
  try {
    pump.begin(watch)
    if (cluster) await warmUp(ground)
    let plan =
      options.bug === undefined ? planKills(options.kills, points, random) : planHunt(planOf(options.bug), random)
    plan = addKillsOf('database', options.databaseKills ?? 0, plan)
    plan = addKillsOf('cluster', options.clusterKills ?? 0, plan)
    plan = addKillsOf('node', options.nodeKills ?? 0, plan)
    for (let next = plan.shift(); next; next = plan.shift()) {
      const kill = await strike(ground, next)
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
      await finish(crew, pump, watch, cluster ? 'dispatched' : 'fetching')
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
    await cluster?.remove()
    await database.remove()
  }
  const figures = countFigures(evidence(), crew, pump)
  if (options.isKept !== true && violations.length === 0) rmSync(folder, { recursive: true })
  return { folder, points, kills, violations, figures, seconds: (Date.now() - startedAt) / 1000 }
}

function idleOf(bug: string): { idleMs?: number } {
  const { idleMs } = planOf(bug)
  return idleMs === undefined ? {} : { idleMs }
}

/** Lets the follower see what is durable. Returns the moment up to which it has seen everything. */
async function settle(): Promise<number> {
  const until = Date.now()
  await delay(400)
  return until
}

/** No kill any more: everything comes to its end, or rests. */
async function finish(crew: Crew, pump: Pump, watch: Watch, way: keyof typeof quietMs): Promise<void> {
  pump.isStarting = false
  await crew.size(2)
  const begun = Date.now()
  for (;;) {
    const hanging = pump.openRuns.filter((run) => !isResting(run, pump.left))
    if (hanging.length === 0) return
    if (Date.now() - Math.max(begun, watch.lastAt) > quietMs[way] || Date.now() - begun > finishMs[way]) return
    await delay(100)
  }
}

function isResting(run: SeenRun, left: ReadonlySet<string>): boolean {
  return left.has(run.runId) && run.unknown.size > 0
}
