// Carries out what the scheduler decides. Completions are delivered one at a time by the run's pump, so starting the
// next tasks in the continuation of the last one is deterministic, and costs the same however many tasks are open.

import { toErrorData, type ErrorData } from '../base/errors.ts'
import type { RunContext } from '../run/context.ts'
import { isRunEnding } from '../run/run-ending.ts'
import type { Task } from '../run/task.ts'
import type { GraphNode, GraphPlan } from './plan.ts'
import { beginSchedule, isFinished, settle, takeNext } from './scheduler.ts'
import type { GraphTask } from './task.ts'

/** A graph, ready to be run. */
export interface PreparedGraph {
  readonly plan: GraphPlan
  readonly tasks: ReadonlyMap<string, GraphTask<unknown, unknown>>
  readonly maxParallel: number
  /** Called with each result when it is there. */
  readonly onResult?: (ctx: RunContext, id: string, result: unknown) => void
}

/** How the tasks of a graph ended. What is in neither was not run. */
export interface GraphOutcome {
  readonly results: ReadonlyMap<string, unknown>
  readonly failed: ReadonlyMap<string, ErrorData>
}

/** Runs all tasks that can run. Rejects only when the run itself ends. */
export function driveGraph(ctx: RunContext, graph: PreparedGraph, input: unknown): Promise<GraphOutcome> {
  const schedule = beginSchedule(graph.plan, graph.maxParallel)
  const results = new Map<string, unknown>()
  const failed = new Map<string, ErrorData>()
  let isEnding = false

  return new Promise((resolve, reject) => {
    const advance = (): void => {
      while (!isEnding) {
        const node = takeNext(schedule)
        if (node === undefined) break
        start(node)
      }
      if (isFinished(schedule)) resolve({ results, failed })
    }
    const start = (node: GraphNode): void => {
      let begun: Task<unknown>
      try {
        begun = begin(ctx, graph, node, results, input)
      } catch (thrown) {
        fail(node, thrown)
        return
      }
      begun.then(
        (result) => goOn(() => succeed(node, result)),
        (thrown: unknown) => goOn(() => fail(node, thrown)),
      )
    }
    // Nobody else waits for the continuation of a task: what it throws ends the graph.
    const goOn = (take: () => void): void => {
      try {
        take()
        advance()
      } catch (thrown) {
        reject(thrown)
      }
    }
    const succeed = (node: GraphNode, result: unknown): void => {
      results.set(node.id, result)
      settle(schedule, node, true)
      graph.onResult?.(ctx, node.id, result)
    }
    const fail = (node: GraphNode, thrown: unknown): void => {
      settle(schedule, node, false)
      if (isRunEnding(ctx, thrown)) {
        isEnding = true
        reject(thrown)
      } else failed.set(node.id, toErrorData(thrown))
    }
    advance()
  })
}

function begin(
  ctx: RunContext,
  graph: PreparedGraph,
  node: GraphNode,
  results: ReadonlyMap<string, unknown>,
  graphInput: unknown,
): Task<unknown> {
  const { id } = node
  // The plan was made of these tasks.
  const { run, input: map, effect } = graph.tasks.get(id)!
  const input = map ? map(resultsFor(node, results), graphInput) : graphInput
  if (typeof run !== 'function') return ctx.child(run, id, input)
  return ctx.step(id, { effect, meta: { kind: 'task', task: id } }, (attempt) => run(input, attempt))
}

/** Only those of its needs: what else happens to be done differs from run to run. */
function resultsFor(node: GraphNode, results: ReadonlyMap<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(node.needs.map(({ id }) => [id, results.get(id)]))
}
