// A turn of tools as an agent might ask for it, against the same calls one by one: what parallel work, coalescing and
// batches are worth where the order of the calls allows it. The mix, times by the clock of the machine:
//
//   20 × look    5 ms   10 different questions, each asked twice: coalesced
//   20 × fetch   8 ms   as long for ten as for one: two batches
//   10 × render  5 ms   at most four at a time: three rounds
//    5 × store   5 ms   after all that is rendered
//    5 × step    4 ms   each takes the result of the one before
//
// One by one that is 355 ms; no schedule can be faster than the 20 ms of its longest chains.

import { setTimeout as sleep } from 'node:timers/promises'
import { anySchema, define, defineTool, runTools, toolset, type Json, type RunRecord, type Toolset } from '@meepo/core'
import { alternate, timed } from '../harness/rounds.ts'
import type { Bench, Case, Figure, Workload } from '../harness/workload.ts'
import { openPlatform, type Platform, type StoreKind } from '../platform/platform.ts'

const sequentialMs = 355
const boundMs = 20

/** What a turn of tools gains by not being done one by one. */
export const tools: Workload = {
  id: 'tools',
  title: `A turn of 60 tool calls (${sequentialMs} ms of work, ${boundMs} ms at best), part of the time that one by one takes`,
  cases: [mix('memory'), mix('durable')],
}

function mix(kind: StoreKind): Case {
  return { name: kind, measure: (bench) => measure(kind, bench) }
}

const base = { description: '', input: anySchema, effect: 'read' } as const

function tool(name: string, ms: number, more: object = {}) {
  return defineTool({ ...base, name, ...more, run: (args) => sleep(ms, args as Json) })
}

const scheduled = toolset([
  tool('look', 5),
  defineTool({
    ...base,
    name: 'fetch',
    batch: {
      maxSize: 10,
      maxWaitMs: 2,
      run: (items) =>
        sleep(
          8,
          items.map(({ args }) => args as Json),
        ),
    },
  }),
  tool('render', 5, { concurrency: 4 }),
  tool('store', 5, { after: ['render'] }),
  tool('step', 4),
])

/** The same work by tools that say nothing about themselves. */
const plain = toolset(
  Object.entries({ look: 5, fetch: 8, render: 5, store: 5, step: 4 }).map(([name, ms]) =>
    tool(name, ms, { coalesce: false }),
  ),
)

function many(name: string, count: number, args: (place: number) => Json) {
  return Array.from({ length: count }, (_, place) => ({ id: `${name}-${place}`, name, arguments: args(place) }))
}

const calls = [
  ...many('look', 20, (place) => place % 10),
  ...many('fetch', 20, (place) => place),
  ...many('render', 10, (place) => place),
  ...many('store', 5, (place) => place),
  ...many('step', 5, (place) => (place === 0 ? 0 : { $result: `step-${place - 1}` })),
]

function flow(name: string, own: Toolset, maxParallel: number) {
  return define({
    name,
    input: anySchema,
    run: async (ctx) => {
      const { results } = await runTools(ctx, own, calls, { maxParallel })
      return results.filter(({ isError }) => isError !== true).length
    },
  })
}

const together = flow('together', scheduled, 100)
const oneByOne = flow('one-by-one', plain, 1)

async function run(platform: Platform, definition: typeof together): Promise<void> {
  const handle = await platform.engine.start(definition, null)
  const record: RunRecord<number> = await handle.result()
  if (record.result !== calls.length) throw new Error(`${record.result} of ${calls.length} calls gave a result`)
}

async function measure(kind: StoreKind, bench: Bench): Promise<readonly Figure[]> {
  const platform = await openPlatform(kind, bench)
  const cost = async (definition: typeof together): Promise<{ wall: number; cpu: number }> => {
    const { wallMs, cpuMs } = await timed(() => run(platform, definition))
    return { wall: wallMs, cpu: cpuMs }
  }
  const { fast, slow } = await alternate(bench.isQuick ? { rounds: 1, warmUp: 0 } : { rounds: 15, warmUp: 3 }, {
    fast: () => cost(together),
    slow: () => cost(oneByOne),
  })
  await platform.close()
  return [
    {
      case: kind,
      value: fast.wall / slow.wall,
      unit: '× one by one',
      floor: boundMs / sequentialMs,
      // Five times as fast.
      hold: 0.2,
      isDurable: kind === 'durable',
      cpu: fast.cpu / slow.cpu,
    },
  ]
}
