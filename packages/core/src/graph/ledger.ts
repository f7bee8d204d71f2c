// What a run of a graph knows about its tasks: how each stands, what it gave, and what of it is worth telling.

import type { ErrorData } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import type { RunContext } from '../run/context.ts'
import type { Execution } from './execution.ts'
import type { TaskRecord } from './outcome.ts'
import type { GraphNode } from './plan.ts'
import type { Schedule } from './scheduler.ts'
import type { AnyTask } from './task.ts'
import type { TaskStatus } from './task-view.ts'
import type { Knowledge } from './view.ts'

/** One task, as far as it got. */
export interface TaskEntry {
  readonly node: GraphNode
  readonly task: AnyTask
  /** What runs of it: one, or with `forEach` some. */
  open: Execution | undefined
  openItems: Set<Execution> | undefined
  startedAt: number | undefined
  endedAt: number | undefined
  retries: number
  error: ErrorData | undefined
  why: string | undefined
  isLate: boolean
  /** It was told to end. */
  isGivenUp: boolean
  /** New tasks took its place. */
  isReplanned: boolean
  /** With `forEach`. */
  items: readonly unknown[] | undefined
  results: unknown[] | undefined
  next: number
  unended: number
}

/** The tasks of one run of a graph. */
export class Ledger implements Knowledge {
  readonly input: unknown
  readonly results: Map<string, unknown> = new Map()
  readonly #ctx: RunContext
  /** Those of the graph, shared by all its runs. */
  readonly #tasks: ReadonlyMap<string, AnyTask>
  readonly #added = new Map<string, AnyTask>()
  readonly #schedule: Schedule
  readonly #startedAt: number
  /** By index; of tasks that something happened to. */
  readonly #entries: (TaskEntry | undefined)[]
  #news: JsonObject[] = []

  constructor(ctx: RunContext, input: unknown, tasks: ReadonlyMap<string, AnyTask>, schedule: Schedule) {
    this.input = input
    this.#ctx = ctx
    this.#tasks = tasks
    this.#schedule = schedule
    this.#startedAt = ctx.now()
    this.#entries = schedule.nodes.map(() => undefined)
  }

  add(tasks: Readonly<Record<string, AnyTask>>): void {
    for (const [id, task] of Object.entries(tasks)) this.#added.set(id, task)
  }

  entryOf(node: GraphNode): TaskEntry {
    return (this.#entries[node.index] ??= {
      node,
      // The plan was made of these tasks.
      task: this.#tasks.get(node.id) ?? this.#added.get(node.id)!,
      open: undefined,
      openItems: undefined,
      startedAt: undefined,
      endedAt: undefined,
      retries: 0,
      error: undefined,
      why: undefined,
      isLate: false,
      isGivenUp: false,
      isReplanned: false,
      items: undefined,
      results: undefined,
      next: 0,
      unended: 1,
    })
  }

  begin(node: GraphNode): TaskEntry {
    const entry = this.entryOf(node)
    entry.startedAt ??= this.#ctx.now()
    return entry
  }

  end(entry: TaskEntry, status: TaskStatus): void {
    const { task, node } = entry
    entry.endedAt = this.#ctx.now()
    entry.isLate = task.deadlineMs !== undefined && entry.endedAt - this.#startedAt > task.deadlineMs
    // Of everything else the log tells by itself.
    const isUntold =
      status === 'skipped' ||
      status === 'cancelled' ||
      task.work.kind === 'timer' ||
      (status === 'failed' && entry.startedAt === undefined)
    if (!isUntold && !entry.isLate) return
    const { why = entry.error?.message } = entry
    this.#news.push({
      task: node.id,
      status,
      ...(why === undefined ? {} : { why }),
      ...(entry.isLate ? { isLate: true } : {}),
    })
  }

  /** Records what happened and no step or child tells: one event for all of a delivery. */
  tell(): void {
    if (this.#news.length === 0) return
    const tasks = this.#news
    this.#news = []
    this.#ctx.report({ details: { tasks } })
  }

  statusOf(node: GraphNode): TaskStatus {
    // Every node of the schedule has a status.
    return this.#schedule.status[node.index]!
  }

  errorOf(node: GraphNode): ErrorData | undefined {
    return this.#entries[node.index]?.error
  }

  whyOf(node: GraphNode): string | undefined {
    return this.#entries[node.index]?.why
  }

  /** A failure counts unless the task is optional, replaced, or all that need it decide for themselves. */
  counts(node: GraphNode): boolean {
    if (node.isOptional || this.#entries[node.index]?.isReplanned === true) return false
    return node.dependents.length === 0 || node.dependents.some(({ join }) => join === 'all')
  }

  failures(): ReadonlyMap<string, ErrorData> {
    const failed = new Map<string, ErrorData>()
    for (const entry of this.#entries) {
      if (entry?.error && this.statusOf(entry.node) === 'failed' && this.counts(entry.node)) {
        failed.set(entry.node.id, entry.error)
      }
    }
    return failed
  }

  records(): readonly TaskRecord[] {
    return this.#schedule.nodes.map((node) => this.recordOf(node))
  }

  recordOf(node: GraphNode): TaskRecord {
    const { task, startedAt, endedAt, retries, error, why, isLate } = this.entryOf(node)
    const status = this.statusOf(node)
    return {
      taskId: node.id,
      agent: agentOf(task),
      status,
      success: status === 'completed',
      ...(this.results.has(node.id) ? { output: this.results.get(node.id) } : {}),
      ...(error ? { error } : {}),
      ...(why === undefined ? {} : { why }),
      durationMs: startedAt === undefined || endedAt === undefined ? 0 : endedAt - startedAt,
      retries,
      ...(isLate ? { isLate } : {}),
    }
  }
}

/** Who does a task. */
export function agentOf({ work }: AnyTask): string {
  if (work.kind === 'definition') return work.definition.name
  return work.kind === 'tool' ? work.tool.name : work.kind
}
