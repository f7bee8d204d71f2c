import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { anySchema, type Schema } from '../base/schema.ts'
import type { RunLimits } from '../log/events.ts'
import type { RunContext } from '../run/context.ts'
import { define, type AnyDefinition, type Definition } from '../run/definition.ts'
import type { GraphOutcome, TaskRecord } from './outcome.ts'
import { levels } from './plan.ts'
import { isRunEnding } from '../run/run-ending.ts'
import { prepareGraph, type GraphSettings, type PreparedGraph } from './prepare.ts'
import { runGraph } from './run-graph.ts'
import type { Tool } from '../tool/tool.ts'
import { checkShape, shapePatches } from './shape.ts'
import type { AnyTask, GraphTask } from './task.ts'
import type { TaskState, TaskView } from './task-view.ts'

/** The results of tasks, by task. One of a task that was skipped, or is optional and failed, is not there. */
export type ResultsOf<T> = { readonly [K in keyof T]: T[K] extends GraphTask<never, never, infer O> ? O : never }

/** What {@link defineGraph} takes. */
export interface GraphOptions<I, T, O> extends GraphSettings {
  readonly name: string
  /** `1` unless said. */
  readonly version?: string
  /** Anything unless said. */
  readonly input?: Schema<I>
  /** By id. */
  readonly tasks: T & Readonly<Record<keyof T, GraphTask<ResultsOf<T>, I>>>
  /** Makes the result of the graph; the results by task unless said. Must be pure. */
  readonly output?: (results: ResultsOf<T>, view: TaskView<ResultsOf<T>, I>) => O
  /** Tells each result when it is there, as a partial result `{ task, result }` of the run. Not unless said. */
  readonly reportPartials?: boolean
  readonly limits?: Partial<RunLimits>
  /**
   * What tasks took lately, in milliseconds by id: asked once per run, as a step, and then the order of starts is made of
   * it where it knows better than `expects`. When it fails, the order stays as it is.
   */
  readonly measured?: () => Promise<Readonly<Record<string, number>>>
  /** Definitions that tasks which are added later may run. */
  readonly uses?: readonly AnyDefinition[]
}

/** A graph: a definition like any other, which can be asked what it is made of. */
export interface Graph<I = unknown, O = unknown> extends Definition<I, O> {
  readonly graph: PreparedGraph
  /** Makes its result; the results by task when absent. */
  readonly makeOutput?: object
  /** It tells each result when it is there. */
  readonly reportPartials: boolean
  /** Its tasks by level: those of one need only tasks of levels above. A task does not wait for its level. */
  levels(): readonly (readonly string[])[]
}

/** Calls of the context in one segment: a graph has as many as it has tasks, and not more than its tasks allow. */
const segmentCalls = 1_000_000

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
): Graph<I, O> {
  const { name, version = '1', output, limits, reportPartials = false } = options
  // GraphOptions has checked that what each task reads is what it will be given.
  const tasks = options.tasks as unknown as Readonly<Record<string, AnyTask>>
  const graph = prepareGraph(name, tasks, options)
  const definition = define({
    name,
    version,
    // Without a schema I is unknown: nothing else chooses it.
    input: options.input ?? (anySchema as Schema<I>),
    uses: definitionsOf(graph, options.uses ?? []),
    patches: shapePatches(graph),
    segmentCalls,
    limits,
    run: async (ctx, input: I): Promise<O> => {
      checkShape(ctx, graph)
      const onEnd = reportPartials ? (record: TaskRecord): void => reportPartial(ctx, record) : undefined
      const planned = options.measured ? await reorder(ctx, graph, options.measured) : graph
      const outcome = await runGraph(ctx, planned, input, onEnd ? { onEnd } : {})
      const results = resultsOf<T>(graph, outcome)
      // Without `output` O is ResultsOf<T>: nothing else chooses it.
      return output ? output(results, viewOfEnd(input, results, outcome)) : (results as unknown as O)
    },
  })
  const made = { ...definition, graph, reportPartials, levels: () => levels(graph.plan) }
  return output ? { ...made, makeOutput: output } : made
}

/** The graph in the order of what its tasks took lately. What was measured is in the log: a replay finds the same order. */
async function reorder(
  ctx: RunContext,
  graph: PreparedGraph,
  measured: () => Promise<Readonly<Record<string, number>>>,
): Promise<PreparedGraph> {
  let took: Readonly<Record<string, number>>
  try {
    took = await ctx.step('measured', { effect: 'read' }, measured)
  } catch (thrown) {
    if (isRunEnding(ctx, thrown)) throw thrown
    return graph
  }
  const tasks = [...graph.tasks].map(([id, each]): [string, AnyTask] => {
    const ms = Object.hasOwn(took, id) ? took[id] : undefined
    return [id, typeof ms === 'number' && ms >= 0 ? { ...each, expects: { ...each.expects, ms } } : each]
  })
  return prepareGraph(graph.name, Object.fromEntries(tasks), graph)
}

/** What the result of a graph may look at: all its tasks. */
function viewOfEnd<R, G>(input: G, results: R, outcome: GraphOutcome): TaskView<R, G> {
  return {
    input,
    results,
    get tasks() {
      const states = outcome.records.map(({ taskId, status, error, why }): [string, TaskState] => [
        taskId,
        { status, ...(error ? { error } : {}), ...(why === undefined ? {} : { why }) },
      ])
      return Object.fromEntries(states)
    },
  }
}

function definitionsOf({ tasks }: PreparedGraph, more: readonly AnyDefinition[]): AnyDefinition[] {
  const definitions = new Set<AnyDefinition>(more)
  for (const { work, onRollback } of tasks.values()) {
    if (work.kind === 'definition') definitions.add(work.definition)
    if (work.kind === 'tool')
      for (const each of [work.tool, ...fallbacksOf(work.tool)]) if (each.definition) definitions.add(each.definition)
    // Only the engine calls it, with the input that its own schema accepts.
    if (typeof onRollback === 'object') definitions.add(onRollback as unknown as AnyDefinition)
  }
  return [...definitions]
}

function fallbacksOf({ fallback = [] }: Tool): readonly Tool[] {
  return Array.isArray(fallback) ? fallback : [fallback as Tool]
}

/** A result came out of the log: it is JSON. */
function reportPartial(ctx: RunContext, { taskId, success, output }: TaskRecord): void {
  if (success) ctx.report({ partial: { task: taskId, result: output as Json } })
}

/** In the order of declaration, so that equal results are equal texts, whatever ended first. */
function resultsOf<T>({ name, plan, growth }: PreparedGraph, outcome: GraphOutcome): ResultsOf<T> {
  const { results, success } = outcome
  if (!success) throw taskFailed(name, outcome)
  const given: Record<string, unknown> = {}
  for (const { id } of plan) if (results.has(id)) given[id] = results.get(id)
  if (growth) for (const { taskId, output, success: isDone } of outcome.records) if (isDone) given[taskId] = output
  // Each is what its task gives.
  return given as ResultsOf<T>
}

/** The error of a graph whose tasks failed: names them, and what was undone. */
export function taskFailed(name: string, { failed, records, rolledBack }: GraphOutcome): MeepoError {
  const failures = [...failed].map(([task, { code, message, retryable, details: more }]) => ({
    task,
    code,
    message,
    ...(retryable ? { retryable } : {}),
    ...(more ? { details: more } : {}),
  }))
  const skipped = records.filter(({ status }) => status === 'skipped').map(({ taskId }) => taskId)
  const named = failures.slice(0, 3).map(({ task, code, message }) => `${task} (${code}: ${message})`)
  const more = failures.length > named.length ? `, and ${failures.length - named.length} more` : ''
  const text = `graph ${name}: ${failures.length} of ${records.length} tasks failed, ${skipped.length} were not run: ${named.join(', ')}${more}`
  const undone = rolledBack.map(({ taskId, index, error }) => ({
    task: taskId,
    ...(index === undefined ? {} : { index }),
    ...(error ? { error: error.message } : {}),
  }))
  const details = { failed: failures, skipped, ...(undone.length > 0 ? { rolledBack: undone } : {}) }
  return new MeepoError('graph.task_failed', text, { details })
}
