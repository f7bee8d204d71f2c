import type { Effect } from '../log/events.ts'
import type { Attempt } from '../run/context.ts'
import type { Definition } from '../run/definition.ts'

/** What a task runs: a definition, as a child run, or a function, as the body of a step. */
export type TaskRun<I, O> = Definition<I, O> | { body(input: I, attempt: Attempt): Promise<O> }['body']

/** A task of a graph. `R`: the results it reads; `G`: the input of the graph it expects; `O`: its result. */
export interface GraphTask<R = never, G = never, O = unknown> {
  readonly run: TaskRun<unknown, O>
  /** The tasks that must be done before this one starts. */
  readonly needs: readonly string[]
  /** Makes the input of the task, from the results of its needs and the input of the graph; without, it is the latter. */
  readonly input?: (results: R, graphInput: G) => unknown
  /** What repeating a function would do. A definition says so itself, step by step. */
  readonly effect: Effect
}

/** Results by task, when nothing more is known about them. */
export type TaskResults = Readonly<Record<string, unknown>>

/** What {@link task} takes. */
export interface TaskOptions<I, O> {
  readonly run: TaskRun<I, O>
  readonly needs?: readonly string[]
  /** Of a function; `read` unless said. */
  readonly effect?: Effect
}

/** The mapping that {@link task} takes; without one a task gets the input of the graph. Must be pure. */
export interface TaskInput<R, G, I> {
  readonly input: (results: R, graphInput: G) => I
}

/**
 * Makes a task of a graph. The parameters of `input` say which results the task reads; `defineGraph` checks them
 * against the tasks it is given.
 * @example
 * task({ needs: ['load'], input: (results: { load: number[] }) => results.load, run: async (rows: number[]) => rows.length })
 */
export function task<I, O, R = TaskResults, G = unknown>(
  options: TaskOptions<I, O> & TaskInput<R, G, I>,
): GraphTask<R, G, O>
export function task<I, O>(options: TaskOptions<I, O>): GraphTask<unknown, I, O>
export function task<O>(
  options: TaskOptions<unknown, O> & Partial<TaskInput<unknown, unknown, unknown>>,
): GraphTask<unknown, unknown, O> {
  const { run, needs = [], input, effect = 'read' } = options
  return { run, needs, input, effect }
}
