import type { ErrorData } from '../base/errors.ts'
import type { AnyTask } from './task.ts'
import type { TaskStatus } from './task-view.ts'

/** One task of a graph, as far as it got. */
export interface TaskRecord {
  readonly taskId: string
  /** Who does it: the name of its definition or tool, `function`, `signal` or `timer`. */
  readonly agent: string
  readonly status: TaskStatus
  readonly success: boolean
  /** Of a task with `forEach`: the results in the order of the items. */
  readonly output?: unknown
  readonly error?: ErrorData
  /** Why it was skipped or cancelled. */
  readonly why?: string
  /** From the start of the first try to the end, waits between tries included; 0 before it starts. */
  readonly durationMs: number
  /** Tries beyond the first, of all items and rounds together. */
  readonly retries: number
  /** What it cost with everything below it, in pico-dollars as text. Only in records that were read from the store. */
  readonly cost?: string
  /** True when it ended after its `deadlineMs`. */
  readonly isLate?: boolean
}

/** How the tasks of a graph ended. */
export interface GraphOutcome {
  /** True when nothing failed that counts. */
  readonly success: boolean
  readonly results: ReadonlyMap<string, unknown>
  /** The failures that count: not those of optional tasks, nor those that a join has taken. */
  readonly failed: ReadonlyMap<string, ErrorData>
  /** One record per task, grown ones included, in the order of declaration. */
  readonly records: readonly TaskRecord[]
  /** What was undone, in the order in which it was. Empty unless the graph failed. */
  readonly rolledBack: readonly RolledBack[]
}

/** One completed task that was undone, or could not be. */
export interface RolledBack {
  readonly taskId: string
  /** Of a task with `forEach`. */
  readonly index?: number
  readonly error?: ErrorData
}

/** A task that failed for good, unless somebody recovers it. */
export interface TaskFailure {
  readonly taskId: string
  readonly task: AnyTask
  readonly error: ErrorData
  readonly input: unknown
  /** Of a task with `forEach`. */
  readonly index?: number
}

/** One try that failed, and what was decided about it. */
export interface TaskTry {
  /** Counts from 1. */
  readonly attempt: number
  readonly error: ErrorData
  readonly decision?: Decision['kind']
}

/** What becomes of a failed task. */
export type Decision =
  /** Once more, with another input if there is one. */
  | { readonly kind: 'retry'; readonly input?: unknown }
  /** Another task in its place; only its work counts, and its input if there is none here. */
  | { readonly kind: 'replace'; readonly task: AnyTask; readonly input?: unknown }
  /** Those that need it go on without its result. */
  | { readonly kind: 'skip'; readonly why?: string }
  | { readonly kind: 'fail' }
  /** The task and all that needs it and has not started give way to new tasks. What is done stays. */
  | { readonly kind: 'replan'; readonly tasks: Readonly<Record<string, AnyTask>> }

/**
 * Decides about a task that failed. May use the run context, must replay; `history` holds all tries of this task so far,
 * the last one at its end. A rejection is `fail`.
 */
export type Recover = (failure: TaskFailure, history: readonly TaskTry[]) => Promise<Decision>

/** How a graph is run inside a run. */
export interface RunGraphOptions {
  /** Without, a failed task fails. */
  readonly recover?: Recover
  /** Put before the names of all steps, children and signals, so that two graphs of one run do not meet. */
  readonly prefix?: string
  /** Called with each task that ended, in the order of the log. Must replay. */
  readonly onEnd?: (record: TaskRecord) => void
}
