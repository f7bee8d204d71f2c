// Graphs of everything that a graph can be made of, crashed at every place of their logs: they go on to the same end, and
// nothing that is done is done again. Runs are evicted whenever they wait, or never.

import {
  anySchema,
  canonicalJson,
  define,
  defineGraph,
  defineTool,
  grow,
  MeepoError,
  noRetry,
  task,
  type AnyTask,
  type Definition,
  type Graph,
  type GraphTask,
  type Json,
  type Schema,
  type Store,
  type TaskJoin,
} from '@meepo/core'
import type { TestMachine } from '@meepo/core/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crashEverywhere } from '../test/every-crash.ts'
import { createEmbeddedEngine } from './index.ts'

const isLong = process.env['MEEPO_PROPERTY_RUNS'] !== undefined
const numRuns = isLong ? Math.ceil(Number(process.env['MEEPO_PROPERTY_RUNS']) / 4) : 16
const seed = Number(process.env['MEEPO_PROPERTY_SEED'] ?? 11)

/** These take time, and the log knows when they end. */
const timed: readonly Wish['kind'][] = ['child', 'graph', 'items', 'rounds', 'timer']
const kinds = ['step', 'child', 'graph', 'tool', 'items', 'rounds', 'signal', 'timer', 'grows', 'fails'] as const

interface Wish {
  readonly kind: (typeof kinds)[number]
  /** A need becomes one if it points at an earlier task. */
  readonly needs: readonly number[]
  readonly join: 'all' | 'any' | 'two' | 'settled'
  readonly isOptional: boolean
  readonly isUndone: boolean
  readonly ms: number
}

interface Scenario {
  readonly wishes: readonly Wish[]
  readonly maxParallel: number
  readonly isEvicted: boolean
  /** Signals come in this order, each of them twice. */
  readonly order: readonly number[]
}

const most = 7
const scenarios: fc.Arbitrary<Scenario> = fc.record({
  wishes: fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      needs: fc.array(fc.nat(most), { maxLength: 3 }),
      join: fc.constantFrom('all', 'all', 'any', 'two', 'settled'),
      isOptional: fc.boolean(),
      isUndone: fc.boolean(),
      ms: fc.integer({ min: 1, max: 40 }),
    }),
    { minLength: 1, maxLength: most },
  ),
  maxParallel: fc.integer({ min: 1, max: 5 }),
  isEvicted: fc.boolean(),
  order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: most }),
})

interface World {
  readonly graph: Graph
  /** Keys of the bodies that ran. */
  readonly effects: string[]
}

const number = anySchema as Schema<number>

function createWorld({ wishes, maxParallel }: Scenario): World {
  const effects: string[] = []
  const worker = define({
    name: 'worker',
    input: number,
    run: async (ctx, ms) => {
      await ctx.sleep(ms)
      return await ctx.step('work', { effect: 'read' }, async ({ idempotencyKey }) => {
        effects.push(idempotencyKey)
        return ms
      })
    },
  })
  const inner = defineGraph({
    name: 'inner',
    input: number,
    tasks: {
      first: task({ run: worker }),
      second: task({ needs: ['first'], input: ({ first }: { first: number }) => first, run: worker }),
    },
  }) as unknown as Definition<number, unknown>
  const note = defineTool({
    name: 'note',
    description: 'Notes.',
    effect: 'idempotent',
    retry: noRetry,
    input: number,
    run: (ms, { idempotencyKey }) => {
      effects.push(idempotencyKey)
      if (ms < 0) throw new MeepoError('tool.failed', 'broken', { retryable: true, details: { ms } })
      return ms
    },
  })
  const body = async (ms: number, { idempotencyKey }: { readonly idempotencyKey: string }): Promise<number> => {
    effects.push(idempotencyKey)
    return ms
  }

  const makeTask = (wish: Wish, at: number): GraphTask<never, never, unknown> => {
    const needs = [...new Set(wish.needs.filter((need) => need < at).map((need) => `t${need}`))]
    // A body that ended in memory and not in the log may be cancelled after a crash, when another one was first.
    const isRace = wish.needs.every((need) => need >= at || timed.includes(wishes[need]?.kind ?? 'step'))
    const joins: Record<Wish['join'], TaskJoin> = {
      all: 'all',
      any: isRace ? 'any' : 'settled',
      two: isRace ? { atLeast: Math.min(2, needs.length) } : 'all',
      settled: 'settled',
    }
    // No two of them end at the same time: who is first is then no matter of chance.
    const ms = wish.ms * 1_000 + 2 ** at
    const common = {
      needs,
      join: needs.length === 0 ? 'all' : joins[wish.join],
      optional: wish.isOptional,
      ...(wish.isUndone ? { onRollback: worker2 } : {}),
    } as const
    const input = (): number => ms
    switch (wish.kind) {
      case 'step':
        return task({ ...common, input, run: body })
      case 'child':
        return task({ ...common, input, run: worker })
      case 'graph':
        return task({ ...common, input, run: inner })
      case 'tool':
        return task({ ...common, input, tool: note })
      case 'items':
        return task({ ...common, forEach: () => [ms, ms + 500, ms + 250], concurrency: 2, run: worker })
      case 'rounds':
        return task({
          ...common,
          input: (_results: unknown, _input: unknown, { times = 0 }) => ms + times,
          run: worker,
          repeat: { until: (_view, last) => last > ms, maxTimes: 4 },
        })
      case 'signal':
        return task({ needs, join: common.join, optional: wish.isOptional, signal: `s${at}`, timeoutMs: 90_000 })
      case 'timer':
        return task({ needs, join: common.join, timer: ms })
      case 'grows':
        return task({
          ...common,
          input,
          run: async (given: number, attempt) => {
            await body(given, attempt)
            return grow(given, { tasks: { [`${at}a`]: { needs: [`t${at}`] }, [`${at}b`]: { needs: [`${at}a`] } } })
          },
        })
      case 'fails':
        return task({ ...common, input: () => -ms, tool: note })
    }
  }
  /** Undoes a task; the name tells its runs from others. */
  const worker2 = define({
    name: 'undo',
    input: anySchema,
    run: (ctx, done) =>
      ctx.step('undo', { effect: 'idempotent' }, async ({ idempotencyKey }) => {
        effects.push(idempotencyKey)
        return done as Json
      }),
  })
  const graph = defineGraph({
    name: 'g',
    maxParallel,
    growth: (tasks) =>
      Object.fromEntries(
        Object.entries(tasks).map(([id, data]): [string, AnyTask] => {
          const { needs } = data as { readonly needs: readonly string[] }
          return [id, task({ needs, input: () => 77, run: worker }) as unknown as AnyTask]
        }),
      ),
    uses: [worker, worker2],
    tasks: Object.fromEntries(wishes.map((wish, at) => [`t${at}`, makeTask(wish, at)])) as never,
  })
  return { graph, effects }
}

const runId = 'root'

async function drive(
  { graph }: World,
  { wishes, isEvicted, order }: Scenario,
  store: Store,
  machine: TestMachine,
): Promise<string> {
  const { scheduler } = machine
  const engine = createEmbeddedEngine({ store, machine, idleMs: isEvicted ? 0 : 600_000 })
  engine.register(graph)
  const handle = await engine.start(graph, null, { runId })
  for (const place of order) {
    if (wishes[place]?.kind !== 'signal') continue
    for (const delivery of ['once', 'twice']) {
      await handle.signal(`s${place}`, { from: place }, `s${place}-${delivery}`).catch((thrown: unknown) => {
        // A run that ended hears no more.
        if (!MeepoError.is(thrown) || thrown.code !== 'run.ended') throw thrown
      })
    }
  }
  const { success, result, error } = await scheduler.until(handle.result())
  await scheduler.until(engine.stop({ graceMs: 0, hardLimitMs: 0 }))
  // An error is JSON.
  return canonicalJson({ success, result, error } as unknown as Json)
}

test(
  'a graph that crashes anywhere goes on to the same end, and does nothing again that is done',
  async () => {
    const seen = { crashes: 0, good: 0, failed: 0, undone: 0 }
    await fc.assert(
      fc.asyncProperty(scenarios, async (scenario) => {
        const { crashes, told } = await crashEverywhere({
          createWorld: () => createWorld(scenario),
          drive: (world, store, machine) => drive(world, scenario, store, machine),
          step: (writes) => (isLong ? 1 : Math.max(1, Math.floor(writes / 8))),
        })
        seen.crashes += crashes
        if (told.includes('"success":true')) seen.good++
        else seen.failed++
        if (told.includes('rolledBack')) seen.undone++
      }),
      { numRuns, seed, endOnFailure: !isLong },
    )
    expect(seen.crashes).toBeGreaterThan(80)
    for (const times of Object.values(seen)) expect(times, JSON.stringify(seen)).toBeGreaterThan(0)
  },
  isLong ? 3_600_000 : 60_000,
)
