// Runs the tasks of a graph inside a run, for tests of what becomes of them.

import { z } from 'zod'
import { MeepoError } from '../src/base/errors.ts'
import { defineGraph, type Graph, type GraphOptions } from '../src/graph/graph.ts'
import type { GraphOutcome, RunGraphOptions } from '../src/graph/outcome.ts'
import { prepareGraph, type GraphSettings } from '../src/graph/prepare.ts'
import { runGraph } from '../src/graph/run-graph.ts'
import type { AnyTask, GraphTask } from '../src/graph/task.ts'
import type { RunContext } from '../src/run/context.ts'
import { define, type Definition } from '../src/run/definition.ts'
import { SmallEngine } from './small-engine.ts'

/** Takes a while, and gives its input back. */
export const slow: Definition<number, number> = define({
  name: 'slow',
  input: z.number(),
  run: async (ctx, ms) => {
    await ctx.sleep(ms)
    return ms
  },
})
export const echo: Definition<unknown, unknown> = define({
  name: 'echo',
  input: z.unknown(),
  run: async (_ctx, input) => input,
})
export const failing: Definition<unknown, number> = define({
  name: 'failing',
  input: z.unknown(),
  run: async (): Promise<number> => {
    throw new MeepoError('step.timeout', 'too slow')
  },
})
export const fail = async (): Promise<number> => {
  throw new Error('broken')
}
export const one = async (): Promise<number> => 1

type Tasks = Readonly<Record<string, GraphTask<never, never, unknown>>>

/** What became of tasks. */
interface Ended {
  readonly engine: SmallEngine
  readonly outcome: GraphOutcome
  readonly results: Readonly<Record<string, unknown>>
  readonly statuses: Readonly<Record<string, string>>
  readonly whys: Readonly<Record<string, string | undefined>>
}

/** Runs tasks to their end, and returns the outcome as plain data. */
export async function outcomeOf(
  tasks: Tasks,
  settings: GraphSettings & RunGraphOptions = {},
  input: unknown = null,
): Promise<Ended> {
  const told: { outcome?: GraphOutcome } = {}
  const graph = prepareGraph('g', tasks as unknown as Record<string, AnyTask>, settings)
  const engine = SmallEngine.start(
    define({
      name: 'host',
      input: z.unknown(),
      run: async (ctx: RunContext) => {
        told.outcome = await runGraph(ctx, graph, input, settings)
        return null
      },
    }),
    null,
  )
  const record = await engine.result()
  if (told.outcome === undefined) throw new Error(JSON.stringify(record))
  const { outcome } = told
  return {
    engine,
    outcome,
    results: Object.fromEntries(outcome.results),
    statuses: Object.fromEntries(outcome.records.map(({ taskId, status }) => [taskId, status])),
    whys: Object.fromEntries(
      outcome.records.flatMap(({ taskId, why, error }) => ((why ?? error) ? [[taskId, why ?? error?.message]] : [])),
    ),
  }
}

/** A graph of any tasks. */
export function graphOf(options: Omit<GraphOptions<unknown, Tasks, unknown>, 'name'>): Graph {
  return defineGraph({ name: 'g', ...options } as GraphOptions<unknown, never, unknown>)
}
