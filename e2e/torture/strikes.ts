import { setTimeout as delay } from 'node:timers/promises'
import type { TestDatabase } from '../database.ts'
import type { Cluster } from './cluster.ts'
import type { Crew } from './crew.ts'
import { openBodies, readLines, storeFile, type StoreLine } from './evidence.ts'
import type { Outages } from './outages.ts'
import { passesToSkip, takeoverPoint, type PlannedKill, type Target } from './plan.ts'
import type { Pump } from './pump.ts'

/** A kill as it happened. */
export interface Kill {
  readonly point: string
  readonly workers: number
  /** Steps that were in flight in what was killed, or that it had brought. */
  readonly open: number
  /** Of a node: the runs that were not at their end. */
  readonly runs?: number
}

/** What there is to be killed. */
export interface Ground {
  readonly folder: string
  readonly crew: Crew
  readonly pump: Pump
  readonly database: TestDatabase
  readonly outages: Outages
  readonly cluster: Cluster | undefined
  /** When each node was away. */
  readonly nodes: readonly Outages[]
  readonly random: () => number
}

const minOpen = 10
/** What a worker says of its bodies is a moment old when the parent acts on it. */
const margin = 5
const pointTimeoutMs = 6_000
/** Runs when a node is killed, how many of them are in the middle of a step, and how long that may take. */
const crowd = 500
const crowdOpen = 250
const crowdTimeoutMs = 60_000
/** For a cluster that comes up to agree on who does what. */
const settleTimeoutMs = 20_000
/** Two beats more than engines wait before they take others for dead. */
const stallMs = { fetching: 1_800, dispatched: 3_000 }

/** Lets a new cluster come up, with a worker at each node. */
export async function warmUp(ground: Ground): Promise<void> {
  await ground.crew.size(ground.nodes.length)
  await allAway(ground, () => Promise.resolve())
}

/** Does what is planned. */
export function strike(ground: Ground, planned: PlannedKill): Promise<Kill> {
  const strikes: Readonly<Record<Target, typeof killDatabase>> = {
    database: killDatabase,
    cluster: killCluster,
    node: killNode,
  }
  return planned.of ? strikes[planned.of](ground, planned) : killWorker(ground, planned)
}

/** Kills the server of the database. The workers live on, and go on when it is back. */
async function killDatabase(ground: Ground, { point, workers }: PlannedKill): Promise<Kill> {
  const { database, outages, random } = ground
  const open = await allBusy(ground, workers)
  // Shorter, and longer, than engines wait before they take others for dead.
  await outages.during(() => database.crash(random() * 2_000))
  return { point, workers, open }
}

/** Kills all that brings runs to the workers. What they drive goes on meanwhile. */
async function killCluster(ground: Ground, { point, workers }: PlannedKill): Promise<Kill> {
  const { random } = ground
  const open = await allBusy(ground, workers)
  await allAway(ground, () => clusterOf(ground).crash(random() * 2_000))
  return { point, workers, open }
}

/** All nodes are away during the work, and until they take drives again. */
async function allAway(ground: Ground, work: () => Promise<void>): Promise<void> {
  const away = async (): Promise<void> => {
    await work()
    await takingAgain(ground)
  }
  await ground.nodes.reduce((inner, outages) => () => outages.during(inner), away)()
}

/** Waits until every worker found its node taking a drive. */
async function takingAgain({ crew, folder }: Ground): Promise<void> {
  const since = Date.now()
  const hasSent = (worker: number): boolean =>
    // Our own workers wrote this file.
    (readLines(storeFile(folder, worker)) as readonly StoreLine[]).some(
      (line) => line.kind === 'sent' && line.calledAt >= since,
    )
  while (Date.now() - since < settleTimeoutMs && !crew.ready.every(({ worker }) => hasSent(worker))) await delay(250)
}

/** Kills one node under many runs, while its fellows are asked for more. */
async function killNode(ground: Ground, { point, workers }: PlannedKill): Promise<Kill> {
  const { crew, pump, nodes, random } = ground
  await crew.size(workers)
  pump.crowd = crowd
  const isCrowded = (): boolean => pump.openRuns.length >= crowd && openIn(crew) >= crowdOpen
  for (let waited = 0; !isCrowded() && waited < crowdTimeoutMs; waited += 100) await delay(100)
  const node = Math.floor(random() * nodes.length)
  const [open, runs, served] = [openIn(crew), pump.openRuns.length, pump.servedAt.length]
  await nodes[node]?.during(async () => {
    await clusterOf(ground).without(node, () => delay(4_000 + random() * 4_000))
    await takingAgain(ground)
  })
  if (pump.servedAt.length === served) throw new Error('nobody was served while a node was away')
  pump.crowd = 0
  for (let waited = 0; pump.crowdLeft > 0 && waited < crowdTimeoutMs; waited += 100) await delay(100)
  return { point, workers, open, runs }
}

async function killWorker({ crew, folder, cluster, random }: Ground, planned: PlannedKill): Promise<Kill> {
  await crew.size(planned.workers)
  if (planned.isStalling) {
    const stalled = await crew.anyBusy(minOpen, 4_000)
    await crew.stall(stalled, cluster ? stallMs.dispatched : stallMs.fetching)
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

/** Waits until workers are in the middle of everything. Returns how many steps are in flight. */
async function allBusy({ crew, random }: Ground, workers: number): Promise<number> {
  await crew.size(workers)
  await crew.anyBusy(minOpen + margin, 4_000)
  await delay(random() * 300)
  return openIn(crew)
}

function openIn(crew: Crew): number {
  return crew.ready.reduce((sum, worker) => sum + worker.openBodies, 0)
}

function clusterOf({ cluster }: Ground): Cluster {
  if (!cluster) throw new Error('there is no cluster that could be killed')
  return cluster
}
