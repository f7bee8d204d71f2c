import type { ErrorData } from '../base/errors.ts'

/** How a task stands. `ready`: it may start and waits for a free place. */
export type TaskStatus = 'pending' | 'ready' | 'running' | 'completed' | 'failed' | 'skipped' | 'cancelled'

/** How an earlier task stands, as mappings and conditions see it. */
export interface TaskState {
  readonly status: TaskStatus
  readonly error?: ErrorData
  /** Why it was skipped or cancelled. */
  readonly why?: string
}

/**
 * What mappings and conditions may look at. They must be pure: they run again on replay. `results` and `tasks` hold
 * earlier tasks only, which are those that it needs and those that these need, and so on.
 */
export interface TaskView<R = TaskResults, G = unknown, Item = unknown> {
  /** The input of the graph. */
  readonly input: G
  /** Results of the earlier tasks that are completed. */
  readonly results: R
  readonly tasks: Readonly<Record<string, TaskState>>
  /** Of a task with `forEach`: what this run of it is for. */
  readonly item?: Item
  /** The place of the item, from 0. */
  readonly index?: number
  /** Of a task with `repeat`: the result of the last round; absent in the first. */
  readonly last?: unknown
  /** Of a task with `repeat`: the rounds that are done. */
  readonly times?: number
}

/** The view for one item of a task with `forEach`. */
export type ItemView<R, G, Item> = TaskView<R, G, Item> & { readonly item: Item; readonly index: number }

/** Results by task, when nothing more is known about them. */
export type TaskResults = Readonly<Record<string, unknown>>
