import type { Schema } from '../base/schema.ts'
import type { Json } from '../base/json.ts'
import type { Effect } from '../log/events.ts'
import type { Attempt } from '../run/context.ts'
import type { AnyDefinition, Definition } from '../run/definition.ts'
import type { RetryPolicy } from '../run/retry.ts'
import type { Tool } from '../tool/tool.ts'
import type { ItemView, TaskResults, TaskView } from './task-view.ts'

/** What a task runs: a definition, as a child run, or a function, as the body of a step. */
export type TaskRun<I, O> = Definition<I, O> | { body(input: I, attempt: Attempt): Promise<O> }['body']

/** What a task does when its turn comes. */
export type TaskWork<O = unknown> =
  /** An agent, a graph, a team, or any other definition. */
  | { readonly kind: 'definition'; readonly definition: Definition<unknown, O> }
  | {
      readonly kind: 'function'
      readonly run: { body(input: unknown, attempt: Attempt): Promise<O> }['body']
      readonly effect: Effect
    }
  | { readonly kind: 'tool'; readonly tool: Tool<unknown, O> }
  /** Waits for a signal of the run. */
  | { readonly kind: 'signal'; readonly name: string; readonly schema?: Schema<O> }
  | { readonly kind: 'timer'; readonly ms: number | ((view: TaskView) => number) }

/**
 * When a task may start. `all`: every need completed; an optional one may have failed or been skipped. `any` and
 * `atLeast`: so many have completed; those that nobody else wants are cancelled. `settled`: all have ended, however.
 */
export type TaskJoin = 'all' | 'any' | 'settled' | { readonly atLeast: number }

/** What a completed task is undone with. */
export interface Completed<I = unknown, O = unknown> {
  readonly input: I
  readonly result: O
}

/** Undoes a completed task: a definition as a child run, or the body of an idempotent step. */
export type Rollback<I = unknown, O = unknown> =
  | AnyDefinition
  | Definition<Completed<I, O>, unknown>
  | { body(done: Completed<I, O>, attempt: Attempt): Promise<unknown> }['body']

/** What can be said about any task. */
export interface TaskSettings {
  /** The tasks that must be done before this one starts. */
  readonly needs?: readonly string[]
  /** `all` unless said. */
  readonly join?: TaskJoin
  /**
   * How long to wait for the needs, from the start of the first of them. After it `settled` goes on with what has ended,
   * every other join fails with `graph.join_failed`; what nobody else wants is cancelled.
   */
  readonly joinWithinMs?: number
  /** Runs of a task with `forEach` at one time; as many as the graph allows unless said. */
  readonly concurrency?: number
  /** Of a task with `forEach`: an item that fails leaves null in its place instead of failing the task. */
  readonly optionalItems?: boolean
  /** Its failure does not fail the graph, and those that need it go on without its result. */
  readonly optional?: boolean
  /** Tries of one run, each as a new child; of a function those of its step. Without, a child is tried once. */
  readonly retry?: RetryPolicy
  /** For one try; it is then cancelled. */
  readonly timeoutMs?: number
  /** What a definition and everything below it may cost, in dollars: `0.25`, `'$5'`. */
  readonly budget?: string | number
  /** Higher goes first, between tasks that are equal otherwise; a child run gets it as its priority. */
  readonly priority?: number
  /** When it should be done, from the start of the graph. Such tasks go first, and a late one is recorded as late. */
  readonly deadlineMs?: number
  /** Units of the pools of the graph that it takes while it runs. */
  readonly uses?: Readonly<Record<string, number>>
  /** What is known about a run of it; the order of starts and estimates are made of it. */
  readonly expects?: TaskExpectation
}

/** What a task is likely to take. */
export interface TaskExpectation {
  readonly ms?: number
  readonly dollars?: number
}

/** A task of a graph. `R`: the results it reads; `G`: the input of the graph it expects; `O`: its result. */
export interface GraphTask<R = never, G = never, O = unknown> extends TaskSettings {
  readonly work: TaskWork
  readonly needs: readonly string[]
  readonly when?: (view: TaskView<R, G>) => boolean
  /** Makes the input of the task; without, it is the item, or the input of the graph. */
  readonly input?: (results: R, graphInput: G, view: TaskView<R, G>) => unknown
  readonly forEach?: (view: TaskView<R, G>) => readonly unknown[]
  readonly repeat?: TaskRepeat<R, G>
  readonly output?: Schema<O>
  readonly onRollback?: Rollback
  /** The data it was made of, if it was made of data. */
  readonly source?: Json
  /** What the task gives, for the compiler: never there. */
  readonly gives?: () => O
}

/** How often a task runs: until it is good, and no more than so many times. */
export interface TaskRepeat<R = TaskResults, G = unknown, O = unknown> {
  /** Asked after each round, with its result. Must be pure. */
  readonly until: { ask(view: TaskView<R, G>, last: O): boolean }['ask']
  /** After so many rounds the last result stands. */
  readonly maxTimes: number
}

/** Any task: what the tasks of a graph are once the compiler has checked that they fit. */
export type AnyTask = GraphTask<TaskResults, unknown, unknown>

/** What {@link task} runs: a function or definition, or a tool. */
export type WorkOptions<I, O> =
  | {
      readonly run: TaskRun<I, O>
      /** Of a function; `read` unless said. */
      readonly effect?: Effect
    }
  | { readonly tool: Tool<I, O> }

/** What {@link task} takes. */
export type TaskOptions<I, O, R = TaskResults, G = unknown> = TaskSettings &
  WorkOptions<I, O> &
  Conditions<R, G> & {
    readonly repeat?: TaskRepeat<R, G, NoInfer<O>>
    /** What the result must be; checked when it is there. */
    readonly output?: Schema<NoInfer<O>>
    /** Runs, in the reverse order of completion, when the graph has failed after this task completed. */
    readonly onRollback?: Rollback<NoInfer<I>, NoInfer<O>>
  }

/** Whether a task runs at all. */
export interface Conditions<R, G> {
  /** False skips the task, and those that need it with `all`. Must be pure. */
  readonly when?: (view: TaskView<R, G>) => boolean
}

/** The mapping that {@link task} takes; without one a task gets the input of the graph. Must be pure. */
export interface TaskInput<R, G, I> {
  readonly input: (results: R, graphInput: G, view: TaskView<R, G>) => I
}

/** What {@link task} takes to run once for each item of a list; the results keep its order. Must be pure. */
export interface TaskItems<R, G, Item> {
  readonly forEach: (view: TaskView<R, G>) => readonly Item[]
}

/** The mapping for each item. */
export interface ItemInput<R, G, Item, I> {
  readonly input: (results: R, graphInput: G, view: ItemView<R, G, Item>) => I
}

/** A task that waits for a signal, or for a time to pass. */
export type WaitOptions<O, R = TaskResults, G = unknown> = Omit<
  TaskSettings,
  'concurrency' | 'optionalItems' | 'retry' | 'budget' | 'uses'
> &
  Conditions<R, G> &
  (
    | { readonly signal: string; readonly schema?: Schema<O> }
    | { readonly timer: number | ((view: TaskView<R, G>) => number) }
  )

/**
 * Makes a task of a graph. The parameters of `input` say which results the task reads; `defineGraph` checks them
 * against the tasks it is given.
 * @example
 * task({ needs: ['load'], input: (results: { load: number[] }) => results.load, run: async (rows: number[]) => rows.length })
 * task({ needs: ['load'], forEach: ({ results }: TaskView<{ load: number[] }>) => results.load, run: async (row: number) => row * 2 })
 * task({ needs: ['draft'], signal: 'approved', timeoutMs: 86_400_000 })
 */
export function task<I, O, Item, R = TaskResults, G = unknown>(
  options: TaskOptions<I, O, R, G> & TaskItems<R, G, Item> & ItemInput<R, G, Item, I>,
): GraphTask<R, G, O[]>
export function task<I, O, R = TaskResults, G = unknown>(
  options: TaskOptions<I, O, R, G> & TaskItems<R, G, I> & { readonly input?: never },
): GraphTask<R, G, O[]>
export function task<I, O, R = TaskResults, G = unknown>(
  options: TaskOptions<I, O, R, G> & TaskInput<R, G, I> & { readonly forEach?: never },
): GraphTask<R, G, O>
export function task<I, O, R = TaskResults>(
  options: TaskOptions<I, O, R, I> & { readonly input?: never; readonly forEach?: never },
): GraphTask<R, I, O>
export function task<O = Json, R = TaskResults, G = unknown>(options: WaitOptions<O, R, G>): GraphTask<R, G, O>
export function task(options: object): AnyTask {
  // The overloads have seen that it is one of what these allow together.
  const { run, tool, effect, signal, schema, timer, needs = [], ...rest } = options as AllOptions
  return { ...rest, needs, work: workOf({ run, tool, effect, signal, schema, timer }) }
}

function workOf({ run, tool, effect = 'read', signal, schema, timer }: AllWork): TaskWork {
  if (typeof run === 'function') return { kind: 'function', run, effect }
  if (run !== undefined) return { kind: 'definition', definition: run }
  if (tool !== undefined) return { kind: 'tool', tool }
  if (signal !== undefined) return { kind: 'signal', name: signal, ...(schema ? { schema } : {}) }
  // There is one of them.
  return { kind: 'timer', ms: timer! }
}

/** What the overloads of {@link task} allow, together. */
interface AllOptions extends Omit<AnyTask, 'work' | 'needs' | 'gives'>, AllWork {
  readonly needs?: readonly string[]
}

interface AllWork {
  readonly run?: TaskRun<unknown, unknown> | undefined
  readonly tool?: Tool | undefined
  readonly effect?: Effect | undefined
  readonly signal?: string | undefined
  readonly schema?: Schema<unknown> | undefined
  readonly timer?: number | ((view: TaskView) => number) | undefined
}
