import { setTimeout as wait } from 'node:timers/promises'
import { defineGraph, task, type Definition, type Effect } from '@meepo/core'
import { driveBare } from '../graph/bare-graph.ts'
import { createDag, type Dag } from '../graph/dag.ts'
import { listSchedule } from '../graph/list-schedule.ts'
import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { alternate, timed } from '../harness/rounds.ts'
import { openPlatform, type StoreKind } from '../platform/platform.ts'

const slots = 16
/** Graphs of the same shape. */
const seeds = 9

/** What a graph costs: how well it keeps its places busy, and what a node costs that does nothing. */
export const w3: Workload = {
  id: 'w3',
  title: 'A graph of 200 nodes of 5 to 50 ms, 16 in parallel; a graph of 5,000 nodes that do nothing',
  cases: [
    schedule('schedule memory', 'memory', 1.03),
    schedule('schedule durable', 'durable', 1.03),
    nodes('nodes memory', 'memory', 'read', 10),
    nodes('nodes durable', 'durable', 'read', 15),
    nodes('nodes durable, waiting for the disk', 'durable', 'idempotent', 60),
  ],
}

function schedule(name: string, kind: StoreKind, hold: number): Case {
  return { name, measure: (bench) => measureSchedule(name, kind, hold, bench) }
}

async function measureSchedule(name: string, kind: StoreKind, hold: number, bench: Bench): Promise<readonly Figure[]> {
  const platform = await openPlatform(kind, bench)
  const graphs = Array.from({ length: bench.isQuick ? 1 : seeds }, (_, seed) => timedGraph(seed))
  let [meepoNext, bareNext] = [0, 0]
  const next = (round: number): TimedGraph => graphs[round % graphs.length]!
  // Every graph once, after as many rounds of warm-up.
  const { meepo, bare } = await alternate(
    { rounds: graphs.length, warmUp: bench.isQuick ? 0 : graphs.length },
    {
      meepo: () => {
        const { graph, ratio } = next(meepoNext++)
        return ratio(async () => succeed(await (await platform.engine.start(graph, null)).result()))
      },
      bare: () => {
        const { dag, body, ratio } = next(bareNext++)
        return ratio(() => driveBare(dag, slots, body))
      },
    },
  )
  await platform.close()
  return [
    {
      case: name,
      value: meepo.wall,
      unit: '× best list schedule',
      floor: bare.wall,
      hold,
      isDurable: kind === 'durable',
    },
  ]
}

interface TimedGraph {
  readonly dag: Dag
  readonly graph: Definition<unknown, number>
  body(index: number): Promise<number>
  /** Does the work, and tells how much longer it took than the best schedule. */
  ratio(work: () => Promise<unknown>): Promise<{ readonly wall: number }>
}

function timedGraph(seed: number): TimedGraph {
  const dag = createDag({ nodes: 200, needs: 3, minMs: 5, maxMs: 50, seed })
  // Timers fire late, on the floor as well: the best schedule is of what the nodes took, not of what they asked for.
  const took = new Float64Array(dag.length)
  const body = async (index: number): Promise<number> => {
    const began = performance.now()
    // The index is one of the graph's.
    await wait(dag[index]!.ms)
    took[index] = performance.now() - began
    return index
  }
  return {
    dag,
    body,
    graph: toGraph(`schedule-${seed}`, dag, 'read', slots, body),
    ratio: async (work) => {
      const { wallMs } = await timed(work)
      return { wall: wallMs / listSchedule(dag, took, slots) }
    },
  }
}

function nodes(name: string, kind: StoreKind, effect: Effect, hold: number): Case {
  return { name, measure: (bench) => measureNodes(name, kind, effect, hold, bench) }
}

async function measureNodes(
  name: string,
  kind: StoreKind,
  effect: Effect,
  hold: number,
  bench: Bench,
): Promise<readonly Figure[]> {
  const dag = createDag({ nodes: bench.isQuick ? 500 : 5_000, needs: 2, reach: 200, minMs: 0, maxMs: 0, seed: 1 })
  const body = (index: number): Promise<number> => Promise.resolve(index)
  const graph = toGraph('nodes', dag, effect, 100, body)
  const platform = await openPlatform(kind, bench)
  const perNode = async (work: () => Promise<unknown>): Promise<{ wall: number; cpu: number }> => {
    const { wallMs, cpuMs } = await timed(work)
    return { wall: (wallMs / dag.length) * 1_000, cpu: (cpuMs / dag.length) * 1_000 }
  }
  const { meepo, bare } = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 15, warmUp: 5 }, {
    meepo: () => perNode(async () => succeed(await (await platform.engine.start(graph, null)).result())),
    bare: () => perNode(() => driveBare(dag, 100, body)),
  })
  await platform.close()
  return [
    {
      case: name,
      value: meepo.wall,
      unit: 'µs/node',
      floor: bare.wall,
      hold,
      isDurable: kind === 'durable',
      cpu: meepo.cpu,
    },
  ]
}

/** The graph as the platform takes it. Its result is one number: what its nodes return is not what is measured. */
function toGraph(
  name: string,
  dag: Dag,
  effect: Effect,
  maxParallel: number,
  body: (index: number) => Promise<number>,
): Definition<unknown, number> {
  const tasks = Object.fromEntries(
    dag.map((node, index) => [
      `n${index}`,
      task({ needs: node.needs.map((need) => `n${need}`), effect, run: () => body(index) }),
    ]),
  )
  return defineGraph({ name, tasks, maxParallel, output: () => dag.length })
}

function succeed({ success, error }: { readonly success: boolean; readonly error?: unknown }): void {
  if (!success) throw new Error(`the graph failed: ${JSON.stringify(error)}`)
}
