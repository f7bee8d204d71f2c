// Carries out what the scheduler decides. Completions are delivered one at a time by the run's pump, so starting the
// next tasks in the continuation of the last one is deterministic, and costs the same however many tasks are open.

import { MeepoError, toErrorData, type ErrorData } from '../base/errors.ts'
import type { RunContext } from '../run/context.ts'
import { Execution, type ExecutionOwner } from './execution.ts'
import { growGraph } from './growth.ts'
import type { Growth } from './grow.ts'
import { Ledger, type TaskEntry } from './ledger.ts'
import type { GraphOutcome, Recover, RunGraphOptions } from './outcome.ts'
import { invalid, maxTasks, type GraphNode } from './plan.ts'
import type { PreparedGraph } from './prepare.ts'
import { rollBack, type Done } from './roll-back.ts'
import * as scheduler from './scheduler.ts'
import type { AnyTask } from './task.ts'
import type { TaskResults, TaskStatus, TaskView } from './task-view.ts'
import { Timers, type Timer } from './timers.ts'
import { resultsOfNeeds, viewOf, type Occasion } from './view.ts'

/** Open calls of the context; a run may have 1,000, and a sleep and a few cancelled ones are ours as well. */
const maxOpen = 980

/**
 * Runs a prepared graph inside a run: everything that can run, unless the graph stops at the first failure. Resolves
 * however the tasks end, when nothing of it is open any more; rejects only when the run itself ends.
 */
export function runGraph(
  ctx: RunContext,
  graph: PreparedGraph,
  input: unknown,
  options: RunGraphOptions = {},
): Promise<GraphOutcome> {
  return new GraphRun(ctx, graph, input, options).run()
}

class GraphRun implements ExecutionOwner {
  readonly ctx: RunContext
  readonly timers: Timers
  readonly prefix: string
  readonly graphInput: unknown
  readonly recover: Recover | undefined
  readonly #graph: PreparedGraph
  readonly #options: RunGraphOptions
  readonly #schedule: scheduler.Schedule
  readonly #ledger: Ledger
  readonly #ended = Promise.withResolvers<GraphOutcome>()
  /** What can be undone, in the order of completion. */
  readonly #done: Done[] = []
  readonly #joinTimers = new Map<GraphNode, Timer>()
  readonly #hasJoinTimes: boolean
  #isOver = false

  constructor(ctx: RunContext, graph: PreparedGraph, input: unknown, options: RunGraphOptions) {
    this.ctx = ctx
    this.graphInput = input
    this.prefix = options.prefix ?? ''
    this.recover = options.recover
    this.timers = new Timers(ctx, (act) => this.goOn(act))
    this.#graph = graph
    this.#options = options
    this.#hasJoinTimes = graph.plan.some((node) => node.joinWithinMs !== undefined)
    this.#schedule = scheduler.beginSchedule(graph.plan, {
      maxParallel: graph.maxParallel,
      pools: graph.pools,
      maxOpen,
      canGrow: graph.growth !== undefined || options.recover !== undefined,
    })
    this.#ledger = new Ledger(ctx, input, graph.tasks, this.#schedule)
  }

  run(): Promise<GraphOutcome> {
    this.goOn(nothing)
    return this.#ended.promise
  }

  // ---- for executions ----

  resultsFor(node: GraphNode): TaskResults {
    return resultsOfNeeds(this.#ledger, node)
  }

  viewFor(node: GraphNode, occasion: Occasion): TaskView {
    return viewOf(this.#ledger, node, occasion)
  }

  /** Nobody else waits for the continuation of a task: what it throws ends the graph. */
  goOn(act: () => void): void {
    if (this.#isOver) return
    try {
      act()
      this.#advance()
    } catch (thrown) {
      this.ends(thrown)
    }
  }

  hear(execution: Execution, isDone: boolean, value: unknown): void {
    if (this.#isOver) return
    try {
      execution.ended(isDone, value)
      this.#advance()
    } catch (thrown) {
      this.ends(thrown)
    }
  }

  ends(thrown: unknown): void {
    this.#isOver = true
    this.#ended.reject(thrown)
  }

  retried({ node }: Execution): void {
    this.#ledger.entryOf(node).retries++
  }

  roundDone({ node, task, index, input }: Execution, result: unknown, growth: Growth | undefined): void {
    if (growth) growGraph(this.#graph, this.#schedule, this.#ledger, growth)
    if (task.onRollback === undefined) return
    this.#done.push({ node, rollback: task.onRollback, input, result, ...(index === undefined ? {} : { index }) })
  }

  completed(execution: Execution, result: unknown): void {
    const entry = this.#close(execution)
    if (execution.index === undefined) this.#end(entry, 'completed', result)
    else {
      resultsOf(entry)[execution.index] = result
      this.#itemEnded(entry)
    }
  }

  failed(execution: Execution, error: ErrorData): void {
    const entry = this.#close(execution)
    if (execution.index === undefined) {
      entry.error = error
      this.#end(entry, 'failed')
      return
    }
    resultsOf(entry)[execution.index] = null
    if (execution.task.optionalItems !== true) this.#giveUpItems(entry, execution, execution.index, error)
    this.#itemEnded(entry)
  }

  cancelled(execution: Execution, why: string): void {
    const entry = this.#close(execution)
    if (execution.index === undefined) {
      entry.why = why
      this.#end(entry, 'cancelled')
    } else this.#itemEnded(entry)
  }

  skipped(execution: Execution, why: string): void {
    const entry = this.#close(execution)
    if (execution.index === undefined) {
      this.#schedule.excused.add(entry.node)
      entry.why = why
      this.#end(entry, 'skipped')
    } else {
      resultsOf(entry)[execution.index] = null
      this.#itemEnded(entry)
    }
  }

  replan({ node }: Execution, tasks: Readonly<Record<string, AnyTask>>): void {
    growGraph(this.#graph, this.#schedule, this.#ledger, { tasks: {} }, tasks)
    this.#ledger.entryOf(node).isReplanned = true
    scheduler.dropBehind(this.#schedule, node, `${node.id} failed, and new tasks took its place`)
  }

  // ---- tasks ----

  #advance(): void {
    while (!this.#isOver) {
      this.#hearNotices()
      const slot = scheduler.takeNext(this.#schedule)
      if (slot === undefined) break
      this.#begin(slot)
    }
    if (this.#isOver) return
    this.#ledger.tell()
    if (scheduler.isFinished(this.#schedule)) this.#finish()
  }

  #begin(slot: scheduler.Slot): void {
    const { node } = slot
    const entry = this.#ledger.begin(node)
    if (this.#hasJoinTimes) this.#startJoinTimers(node)
    const { items } = entry
    if (items) {
      const index = entry.next++
      const execution = new Execution(this, slot, entry.task, index, items[index])
      entry.openItems ??= new Set()
      entry.openItems.add(execution)
      execution.begin()
    } else {
      entry.open = new Execution(this, slot, entry.task, undefined, undefined)
      entry.open.begin()
    }
  }

  #hearNotices(): void {
    const { notices } = this.#schedule
    if (notices.length === 0) return
    // The list grows while it is read.
    for (const notice of notices) {
      const entry = this.#ledger.entryOf(notice.node)
      if (notice.kind === 'asked') this.#ask(entry)
      else if (notice.kind === 'cancel') this.#cancel(entry, notice.why)
      else this.#endedUnrun(entry, notice.status, notice.why)
    }
    notices.length = 0
  }

  /** Its needs are met: does it run, and how often? */
  #ask(entry: TaskEntry): void {
    const { node, task } = entry
    if (this.#ledger.statusOf(node) !== 'ready') return
    try {
      const view = this.viewFor(node, {})
      if (task.when?.(view) === false) {
        entry.why = 'its condition is false'
        this.#end(entry, 'skipped')
        return
      }
      if (task.forEach) entry.items = checkItems(this.#graph.name, node.id, task.forEach(view))
    } catch (thrown) {
      entry.error = toErrorData(thrown)
      this.#end(entry, 'failed')
      return
    }
    const runs = entry.items?.length ?? 1
    entry.unended = runs
    if (runs === 0) this.#end(entry, 'completed', [])
    else scheduler.admit(this.#schedule, node, runs, task.concurrency ?? runs)
  }

  #cancel(entry: TaskEntry, why: string): void {
    const open = openOf(entry)
    entry.why ??= why
    entry.isGivenUp = true
    entry.unended = open.length
    for (const { slot } of open) scheduler.dropRest(slot)
    for (const execution of open) execution.cancel(why)
  }

  #endedUnrun(entry: TaskEntry, status: 'failed' | 'skipped', why: string): void {
    if (status === 'failed') entry.error = this.#joinFailed(entry.node, why)
    else entry.why = why
    this.#settle(entry, status)
  }

  /** Failures that a join takes upon itself are told by nobody else. */
  #joinFailed({ id, needs }: GraphNode, why: string): ErrorData {
    const failures = needs.flatMap((need) => {
      const error = this.#ledger.errorOf(need)
      return error ? [{ task: need.id, code: error.code, message: error.message }] : []
    })
    if (failures.length === 0) return toErrorData(new MeepoError('graph.join_failed', `task ${id}: ${why}`))
    const named = failures.slice(0, 3).map(({ task, code, message }) => `${task} (${code}: ${message})`)
    const text = `task ${id}: ${why}: ${named.join(', ')}`
    return toErrorData(new MeepoError('graph.join_failed', text, { details: { failed: failures } }))
  }

  #close(execution: Execution): TaskEntry {
    const entry = this.#ledger.entryOf(execution.node)
    entry.open = undefined
    entry.openItems?.delete(execution)
    scheduler.release(this.#schedule, execution.slot)
    return entry
  }

  /** An item that must not fail has: the others are not begun, or end early. */
  #giveUpItems(entry: TaskEntry, { slot, node }: Execution, item: number, error: ErrorData): void {
    entry.error = { ...error, details: { ...error.details, item } }
    scheduler.dropRest(slot)
    const open = openOf(entry)
    entry.unended = open.length + 1
    for (const other of open) other.cancel(`item ${item} of ${node.id} failed`)
  }

  #itemEnded(entry: TaskEntry): void {
    if (--entry.unended > 0) return
    if (entry.error) this.#end(entry, 'failed')
    else if (entry.isGivenUp) this.#end(entry, 'cancelled')
    else this.#end(entry, 'completed', resultsOf(entry))
  }

  #end(entry: TaskEntry, status: 'completed' | 'failed' | 'skipped' | 'cancelled', result?: unknown): void {
    if (status === 'completed') this.#ledger.results.set(entry.node.id, result)
    scheduler.end(this.#schedule, entry.node, status)
    this.#settle(entry, status)
  }

  /** Everybody is told how a task ended. */
  #settle(entry: TaskEntry, status: TaskStatus): void {
    this.#ledger.end(entry, status)
    if (this.#options.onEnd) this.#options.onEnd(this.#ledger.recordOf(entry.node))
    if (status === 'failed' && this.#graph.onFailure === 'stop' && this.#ledger.counts(entry.node)) {
      scheduler.stopAll(this.#schedule, `task ${entry.node.id} failed`)
    }
  }

  #startJoinTimers({ dependents }: GraphNode): void {
    for (const node of dependents) {
      const { joinWithinMs } = node
      if (joinWithinMs === undefined || this.#joinTimers.has(node)) continue
      const timer = this.timers.add(joinWithinMs, () => scheduler.expire(this.#schedule, node))
      this.#joinTimers.set(node, timer)
    }
  }

  // ---- end ----

  #finish(): void {
    this.#isOver = true
    this.#close_().then(this.#ended.resolve, this.#ended.reject)
  }

  async #close_(): Promise<GraphOutcome> {
    await this.timers.stop()
    const failed = this.#ledger.failures()
    const rolledBack = failed.size > 0 ? await rollBack(this.ctx, this.prefix, this.#done) : []
    const ledger = this.#ledger
    return {
      success: failed.size === 0,
      results: ledger.results,
      failed,
      rolledBack,
      get records() {
        return ledger.records()
      },
    }
  }
}

function openOf({ open, openItems }: TaskEntry): readonly Execution[] {
  const all = new Set(openItems)
  if (open) all.add(open)
  return [...all]
}

function resultsOf(entry: TaskEntry): unknown[] {
  return (entry.results ??= [])
}

function checkItems(name: string, id: string, items: readonly unknown[]): readonly unknown[] {
  if (!Array.isArray(items)) throw invalid(name, `forEach of task ${id} gave no list`)
  if (items.length > maxTasks)
    throw invalid(name, `forEach of task ${id} gave ${items.length} items; ${maxTasks} are allowed`)
  return items
}

function nothing(): void {}
