// One run of a task: of the whole task, or of one item with `forEach`. Owns its rounds, its tries and what is open of
// it. It ends once, by exactly one call of its owner.

import { MeepoError, toErrorData, type ErrorData } from '../base/errors.ts'
import { parseWith } from '../base/schema.ts'
import type { RunContext } from '../run/context.ts'
import { retryDelay } from '../run/retry.ts'
import { isRunEnding } from '../run/run-ending.ts'
import { asGrown, type Growth } from './grow.ts'
import type { Decision, Recover, TaskTry } from './outcome.ts'
import type { GraphNode } from './plan.ts'
import type { Slot } from './scheduler.ts'
import type { AnyTask } from './task.ts'
import type { TaskResults, TaskView } from './task-view.ts'
import type { Timer, Timers } from './timers.ts'
import type { Occasion } from './view.ts'
import { cancelWork, openWork, type OpenWork, type WorkOrder } from './work.ts'

/** Who runs the tasks of a graph. */
export interface ExecutionOwner {
  readonly ctx: RunContext
  readonly timers: Timers
  readonly prefix: string
  readonly graphInput: unknown
  readonly recover: Recover | undefined
  resultsFor(node: GraphNode): TaskResults
  viewFor(node: GraphNode, occasion: Occasion): TaskView
  /** What an execution opened has ended: lets it go on, and does what follows from it. */
  hear(execution: Execution, isDone: boolean, value: unknown): void
  /** Does something, and what follows from it. */
  goOn(act: () => void): void
  /** The run itself is ending. */
  ends(thrown: unknown): void
  retried(execution: Execution): void
  /** A round is done. May throw: then the round has failed. */
  roundDone(execution: Execution, result: unknown, growth: Growth | undefined): void
  completed(execution: Execution, result: unknown): void
  failed(execution: Execution, error: ErrorData): void
  cancelled(execution: Execution, why: string): void
  skipped(execution: Execution, why: string): void
  /** New tasks take the place of the failed one, and of those that wait for it. May throw, and then did nothing. */
  replan(execution: Execution, tasks: Readonly<Record<string, AnyTask>>): void
}

/** More tries of one task than anybody means. */
const maxTries = 100

/** See the head of this file. */
export class Execution implements WorkOrder {
  readonly slot: Slot
  readonly node: GraphNode
  readonly task: AnyTask
  /** Of an item; undefined for a task without `forEach`. */
  readonly index: number | undefined
  readonly item: unknown
  input: unknown = undefined
  readonly #owner: ExecutionOwner
  /** What is done now: another task may have taken the place of the first. */
  acting: AnyTask
  #times = 0
  #last: unknown = undefined
  #attempt = 1
  #history: TaskTry[] | undefined = undefined
  #open: OpenWork | undefined = undefined
  #timer: Timer | undefined = undefined
  #isTimedOut = false
  #cancelWhy: string | undefined = undefined

  constructor(owner: ExecutionOwner, slot: Slot, task: AnyTask, index?: number, item?: unknown) {
    this.#owner = owner
    this.slot = slot
    this.node = slot.node
    this.task = task
    this.acting = task
    this.index = index
    this.item = item
  }

  begin(): void {
    try {
      this.input = this.#map(this.task)
      this.#try()
    } catch (thrown) {
      this.#threw(thrown)
    }
  }

  /** Ends it early; the owner hears of it when what is open has ended. */
  cancel(why: string): void {
    if (this.#cancelWhy !== undefined) return
    this.#cancelWhy = why
    if (this.#open) cancelWork(this.#owner.ctx, this.#open, why)
    else if (this.#timer) {
      this.#clearTimer()
      this.#owner.cancelled(this, why)
    }
    // Else somebody decides how it goes on, and finds it cancelled.
  }

  /** The name of a try in the log. Task ids hold none of these signs, so that no two tries share a name. */
  get name(): string {
    const name = this.#owner.prefix + this.node.id + this.suffix
    return this.#attempt > 1 ? `${name}~${this.#attempt}` : name
  }

  get taskId(): string {
    return this.node.id
  }

  get suffix(): string {
    if (this.index === undefined && this.#times === 0) return ''
    return `${this.index === undefined ? '' : `[${this.index}]`}${this.#times > 0 ? `#${this.#times + 1}` : ''}`
  }

  view(): TaskView {
    return this.#owner.viewFor(this.node, {
      ...(this.index === undefined ? {} : { item: this.item, index: this.index }),
      ...(this.task.repeat ? { times: this.#times, ...(this.#times > 0 ? { last: this.#last } : {}) } : {}),
    })
  }

  #map({ input }: AnyTask): unknown {
    if (input === undefined) return this.index === undefined ? this.#owner.graphInput : this.item
    return input(this.#owner.resultsFor(this.node), this.#owner.graphInput, this.view())
  }

  #try(): void {
    const { ctx, timers } = this.#owner
    const { timeoutMs, work } = this.acting
    this.#isTimedOut = false
    const open = openWork(ctx, this)
    this.#open = open
    // Steps, tools and signals keep their time themselves.
    if (timeoutMs !== undefined && work.kind === 'definition') {
      this.#timer = timers.add(timeoutMs, () => {
        this.#timer = undefined
        this.#isTimedOut = true
        cancelWork(ctx, open, 'timeout')
      })
    }
    open.then(
      (value) => this.#owner.hear(this, true, value),
      (thrown: unknown) => this.#owner.hear(this, false, thrown),
    )
  }

  /** What was open has ended. */
  ended(isDone: boolean, value: unknown): void {
    this.#open = undefined
    this.#clearTimer()
    if (isDone) this.#came(value)
    else this.#threw(value)
  }

  #clearTimer(): void {
    if (this.#timer) this.#owner.timers.remove(this.#timer)
    this.#timer = undefined
  }

  #came(value: unknown): void {
    let isLast: boolean
    try {
      isLast = this.#roundCame(value)
      if (!isLast && this.#cancelWhy === undefined) this.#try()
    } catch (thrown) {
      this.#threw(thrown)
      return
    }
    if (isLast) this.#owner.completed(this, this.#last)
    else if (this.#cancelWhy !== undefined) this.#owner.cancelled(this, this.#cancelWhy)
  }

  /** True when it was the last round. */
  #roundCame(value: unknown): boolean {
    const grown = asGrown(value)
    const { output, repeat } = this.acting
    const given = grown ? grown.result : value
    const result = output ? parseWith(output, given, 'output.invalid', `result of task ${this.node.id}`) : given
    this.#owner.roundDone(this, result, grown?.growth)
    this.#last = result
    if (repeat === undefined) return true
    this.#times++
    if (this.#times >= repeat.maxTimes || repeat.until(this.view(), result)) return true
    this.#attempt = 1
    this.input = this.#map(this.acting)
    return false
  }

  #threw(thrown: unknown): void {
    const { ctx } = this.#owner
    // What a child's own end is called says nothing about this run.
    const isEnding = this.acting.work.kind === 'definition' ? ctx.signal.aborted : isRunEnding(ctx, thrown)
    if (isEnding) this.#owner.ends(thrown)
    else if (this.#cancelWhy !== undefined) this.#owner.cancelled(this, this.#cancelWhy)
    else this.#failed(this.#isTimedOut ? this.#timeout() : toErrorData(thrown))
  }

  #timeout(): ErrorData {
    const text = `task ${this.node.id} took longer than ${this.acting.timeoutMs} ms`
    return toErrorData(new MeepoError('graph.task_timeout', text))
  }

  #failed(error: ErrorData): void {
    const { work, retry } = this.acting
    const { ctx, recover, timers } = this.#owner
    if (retry && work.kind === 'definition') {
      const random = { next: () => ctx.random(), id: () => ctx.uuid() }
      const delay = retryDelay(retry, 'idempotent', error, this.#attempt, random)
      if (delay !== undefined) {
        this.#remember(error, 'retry')
        this.#timer = timers.add(delay, () => {
          this.#timer = undefined
          this.#again()
        })
        return
      }
    }
    if (recover === undefined || this.#attempt >= maxTries) this.#owner.failed(this, error)
    else this.#recover(recover, error)
  }

  #remember(error: ErrorData, decision: Decision['kind']): void {
    this.#history = [...(this.#history ?? []), { attempt: this.#attempt, error, decision }]
  }

  #again(): void {
    this.#attempt++
    this.#owner.retried(this)
    try {
      this.#try()
    } catch (thrown) {
      this.#threw(thrown)
    }
  }

  #recover(recover: Recover, error: ErrorData): void {
    const { node, index } = this
    const failure = {
      taskId: node.id,
      task: this.acting,
      error,
      input: this.input,
      ...(index === undefined ? {} : { index }),
    }
    const history = [...(this.#history ?? []), { attempt: this.#attempt, error }]
    const { ctx } = this.#owner
    recover(failure, history).then(
      (decision) => this.#owner.goOn(() => this.#decided(decision, error)),
      (thrown: unknown) =>
        this.#owner.goOn(() => {
          if (isRunEnding(ctx, thrown)) this.#owner.ends(thrown)
          else this.#decided({ kind: 'fail' }, error)
        }),
    )
  }

  #decided(decision: Decision, error: ErrorData): void {
    if (this.#cancelWhy !== undefined) {
      this.#owner.cancelled(this, this.#cancelWhy)
      return
    }
    this.#remember(error, decision.kind)
    switch (decision.kind) {
      case 'retry':
        if ('input' in decision) this.input = decision.input
        this.#again()
        return
      case 'replace':
        this.#replace(decision)
        return
      case 'skip':
        this.#owner.skipped(this, decision.why ?? `given up after: ${error.message}`)
        return
      case 'fail':
        this.#owner.failed(this, error)
        return
      case 'replan':
        this.#owner.failed(this, this.#replan(decision.tasks) ?? error)
    }
  }

  #replace(decision: Extract<Decision, { readonly kind: 'replace' }>): void {
    this.acting = decision.task
    try {
      if ('input' in decision) this.input = decision.input
      else if (decision.task.input) this.input = this.#map(decision.task)
    } catch (thrown) {
      this.#owner.failed(this, toErrorData(thrown))
      return
    }
    this.#again()
  }

  /** Returns what is wrong with the new tasks. */
  #replan(tasks: Readonly<Record<string, AnyTask>>): ErrorData | undefined {
    try {
      this.#owner.replan(this, tasks)
      return undefined
    } catch (thrown) {
      return toErrorData(thrown)
    }
  }
}
