import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { anySchema, type Schema } from '../base/schema.ts'
import type { RunLimits } from '../log/events.ts'
import type { RunContext } from '../run/context.ts'
import { define, type AnyDefinition, type Definition } from '../run/definition.ts'
import { driveGraph, type GraphOutcome, type PreparedGraph } from './driver.ts'
import { planGraph, type GraphPlan } from './plan.ts'
import type { GraphTask } from './task.ts'

/** The results of tasks, by task. */
export type ResultsOf<T> = { readonly [K in keyof T]: T[K] extends GraphTask<never, never, infer O> ? O : never }

/** What {@link defineGraph} takes. */
export interface GraphOptions<I, T, O> {
  readonly name: string
  /** `1` unless said. */
  readonly version?: string
  /** Anything unless said. */
  readonly input?: Schema<I>
  /** At most 10,000, by id. */
  readonly tasks: T & Readonly<Record<keyof T, GraphTask<ResultsOf<T>, I>>>
  /** Tasks that run at one time, 1 to 1,000; 100 unless said. */
  readonly maxParallel?: number
  /** Makes the result of the graph; the results by task unless said. */
  readonly output?: (results: ResultsOf<T>) => O
  /** Tells each result when it is there, as a partial result `{ task, result }` of the run. Not unless said. */
  readonly reportPartials?: boolean
  readonly limits?: Partial<RunLimits>
}

/**
 * Makes a graph of tasks: each starts as soon as its needs are done, the longest way to the end first. When a task
 * fails, those that need it are not run, the others are, and the run then fails with `graph.task_failed`.
 * Throws `graph.invalid` or `graph.cycle` before anything runs.
 * @example
 * defineGraph({
 *   name: 'count',
 *   tasks: {
 *     load: task({ run: async () => [1, 2, 3] }),
 *     count: task({ needs: ['load'], input: (results: { load: number[] }) => results.load, run: async (rows: number[]) => rows.length }),
 *   },
 * })
 */
export function defineGraph<I = unknown, T extends Readonly<Record<string, GraphTask>> = never, O = ResultsOf<T>>(
  options: GraphOptions<I, T, O>,
): Definition<I, O> {
  const { name, version = '1', output, limits, maxParallel = 100, reportPartials = false } = options
  const plan = planGraph(name, options.tasks)
  if (!Number.isInteger(maxParallel) || maxParallel < 1 || maxParallel > 1_000) {
    throw new MeepoError('graph.invalid', `graph ${name}: maxParallel must be a whole number from 1 to 1,000`)
  }
  // GraphOptions has checked that what each task reads is what it will be given.
  const tasks = new Map(Object.entries(options.tasks) as [string, GraphTask<unknown, unknown>][])
  const graph: PreparedGraph = { plan, tasks, maxParallel, ...(reportPartials ? { onResult: reportPartial } : {}) }
  return define({
    name,
    version,
    // Without a schema I is unknown: nothing else chooses it.
    input: options.input ?? (anySchema as Schema<I>),
    uses: definitionsOf(tasks.values()),
    limits,
    run: async (ctx, input: I): Promise<O> => {
      const results = resultsOf<T>(name, plan, await driveGraph(ctx, graph, input))
      // Without `output` O is ResultsOf<T>: nothing else chooses it.
      return output ? output(results) : (results as unknown as O)
    },
  })
}

function definitionsOf(tasks: Iterable<GraphTask<unknown, unknown>>): AnyDefinition[] {
  const definitions = new Set<AnyDefinition>()
  for (const { run } of tasks) if (typeof run !== 'function') definitions.add(run)
  return [...definitions]
}

/** A result came out of the log: it is JSON. */
function reportPartial(ctx: RunContext, task: string, result: unknown): void {
  ctx.report({ partial: { task, result: result as Json } })
}

/** In the order of declaration, so that equal results are equal texts, whatever ended first. */
function resultsOf<T>(name: string, plan: GraphPlan, { results, failed }: GraphOutcome): ResultsOf<T> {
  if (failed.size > 0) throw taskFailed(name, plan, { results, failed })
  // Every task has its result: none failed, so none was left out.
  return Object.fromEntries(plan.map(({ id }) => [id, results.get(id)])) as ResultsOf<T>
}

function taskFailed(name: string, plan: GraphPlan, { results, failed }: GraphOutcome): MeepoError {
  const failures = [...failed].map(([task, { code, message }]) => ({ task, code, message }))
  const skipped = plan.filter(({ id }) => !results.has(id) && !failed.has(id)).map(({ id }) => id)
  const named = failures.slice(0, 3).map(({ task, code, message }) => `${task} (${code}: ${message})`)
  const more = failures.length > named.length ? `, and ${failures.length - named.length} more` : ''
  const text = `graph ${name}: ${failures.length} of ${plan.length} tasks failed, ${skipped.length} were not run: ${named.join(', ')}${more}`
  return new MeepoError('graph.task_failed', text, { details: { failed: failures, skipped } })
}
