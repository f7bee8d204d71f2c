import { setImmediate as turn } from 'node:timers/promises'
import { defineGraph, task, type Definition } from '@meepo/core'
import { createDag } from '../graph/dag.ts'
import { median, timed } from '../harness/rounds.ts'
import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { openForRounds, type Platform, type StoreKind } from '../platform/platform.ts'

/** What a node costs at any size of a graph, in many graphs at once, and what a long list holds in memory. */
export const graph: Workload = {
  id: 'graph',
  title: 'Graphs of 100 to 50,000 tasks that do nothing; 100 at once; a task for each of 5,000 items',
  cases: [
    sizes('flat memory', 'memory', 10),
    sizes('flat durable', 'durable', 15),
    together('100 × 50 memory', 'memory'),
    together('100 × 50 durable', 'durable'),
    items('5,000 items, 1 at a time', 1),
    items('5,000 items, 7 at a time', 7),
    items('5,000 items, 500 at a time', 500),
  ],
}

/** The first is the one that the others are held against. */
const counts = [5_000, 100, 1_000, 50_000]

function sizes(name: string, kind: StoreKind, hold: number): Case {
  return { name, measure: (bench) => measureSizes(name, kind, hold, bench) }
}

async function measureSizes(name: string, kind: StoreKind, hold: number, bench: Bench): Promise<readonly Figure[]> {
  const platforms = await openForRounds(kind, bench)
  const figures: Figure[] = []
  let usual = 0
  for (const count of bench.isQuick ? [100] : counts) {
    // As many nodes altogether in each round, so that a small graph is no more a matter of chance than a large one.
    const repeats = Math.max(1, Math.round(5_000 / count))
    const definition = dagOf(count)
    const perNode = await medianOf(bench, count === 50_000 ? 5 : 15, () =>
      platforms.use((platform) => timeEach(platform, definition, repeats, count)),
    )
    if (usual === 0) usual = perNode
    figures.push(
      figure(`${name}, ${count} tasks`, perNode, 'µs/node', count === 5_000 ? hold : null, kind),
      figure(`${name}, ${count} tasks`, perNode / usual, '× of 5,000 tasks', 1.2, kind),
    )
  }
  await platforms.close()
  return figures
}

/** One after the other. */
async function timeEach(
  platform: Platform,
  definition: Definition<unknown, number>,
  repeats: number,
  count: number,
): Promise<number> {
  const { wallMs } = await timed(async () => {
    for (let repeat = 0; repeat < repeats; repeat++) await run(platform, definition)
  })
  return (wallMs * 1_000) / (count * repeats)
}

function together(name: string, kind: StoreKind): Case {
  return {
    name,
    measure: async (bench) => {
      const platforms = await openForRounds(kind, bench)
      const definition = dagOf(50)
      const workflows = bench.isQuick ? 5 : 100
      const rounds = { alone: [] as number[], together: [] as number[] }
      for (let round = 0; round < (bench.isQuick ? 1 : 25); round++) {
        rounds.alone.push(await platforms.use((platform) => timeEach(platform, definition, workflows, 50)))
        rounds.together.push(
          await platforms.use(async (platform) => {
            const all = Array.from({ length: workflows }, () => run(platform, definition))
            const { wallMs } = await timed(() => Promise.all(all))
            return (wallMs * 1_000) / (workflows * 50)
          }),
        )
      }
      await platforms.close()
      // The first rounds warm up.
      const [alone, both] = [rounds.alone, rounds.together].map((values) => median(values.slice(values.length >> 1)))
      return [
        figure(name, both ?? 0, 'µs/task', null, kind),
        figure(name, (both ?? 0) / (alone ?? 1), '× of one after the other', 1.2, kind),
      ]
    },
  }
}

function items(name: string, concurrency: number): Case {
  return {
    name,
    measure: async (bench) => {
      const count = bench.isQuick ? 100 : 5_000
      let [open, most, peak] = [0, 0, 0]
      const list = Array.from({ length: count }, (_, index) => index)
      const each = async (index: number): Promise<number> => {
        most = Math.max(most, ++open)
        if (index % 500 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed)
        await turn()
        open--
        return index
      }
      const definition = defineGraph({
        name: 'items',
        tasks: { each: task({ forEach: () => list, concurrency, run: each }) },
        output: ({ each: results }): boolean =>
          results.every((result, index) => result === index) && results.length === count,
      })
      const platforms = await openForRounds('durable', bench)
      const before = process.memoryUsage().heapUsed
      const { wallMs } = await timed(() =>
        platforms.use(async ({ engine }) => {
          const { result } = await (await engine.start(definition, null)).result()
          if (result !== true || most > concurrency)
            throw new Error(`of ${count} items ${most} were open: ${String(result)}`)
        }),
      )
      await platforms.close()
      return [
        figure(name, (wallMs * 1_000) / count, 'µs/item', null, 'durable'),
        // All that 5,000 items hold at their most, the log and the results of the run included.
        figure(name, Math.max(0, peak - before) / 1_048_576, 'MB of heap', 64, 'memory'),
      ]
    },
  }
}

function figure(name: string, value: number, unit: string, hold: number | null, kind: StoreKind): Figure {
  return { case: name, value, unit, floor: null, hold, isDurable: kind === 'durable' }
}

async function medianOf(bench: Bench, rounds: number, measure: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let round = 0; round < (bench.isQuick ? 1 : rounds); round++) values.push(await measure())
  // The first third warms up.
  return median(values.slice(Math.floor(values.length / 3)))
}

async function run({ engine }: Platform, definition: Definition<unknown, number>): Promise<void> {
  const { success, error } = await (await engine.start(definition, null)).result()
  if (!success) throw new Error(`the graph failed: ${JSON.stringify(error)}`)
}

/** A graph whose tasks do nothing; its result is one number. */
function dagOf(count: number): Definition<unknown, number> {
  const dag = createDag({ nodes: count, needs: 2, reach: 200, minMs: 0, maxMs: 0, seed: 1 })
  const tasks = Object.fromEntries(
    dag.map((node, index) => [
      `n${index}`,
      task({ needs: node.needs.map((need) => `n${need}`), run: () => Promise.resolve(index) }),
    ]),
  )
  return defineGraph({ name: `dag-${count}`, tasks, output: () => count })
}
