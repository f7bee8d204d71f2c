// All timeouts, waits between tries and join deadlines of a graph, on one sleep: the log holds a sleep for what came due
// or might have, not one per task.

import { createHeap, type HeapItem } from '../base/heap.ts'
import type { RunContext } from '../run/context.ts'
import type { Task } from '../run/task.ts'

/** Something that is to happen at a time of the run. */
export interface Timer extends HeapItem {
  readonly dueAt: number
  readonly order: number
  readonly run: () => void
}

/** The timers of one graph. */
export class Timers {
  readonly #ctx: RunContext
  /** Told when the sleep is over, with what to do; nobody else waits for it. */
  readonly #onDue: (act: () => void) => void
  readonly #heap = createHeap<Timer>((a, b) => (a.dueAt === b.dueAt ? a.order < b.order : a.dueAt < b.dueAt))
  #sleep: { readonly task: Task<void>; readonly until: number } | undefined = undefined
  #count = 0

  constructor(ctx: RunContext, onDue: (act: () => void) => void) {
    this.#ctx = ctx
    this.#onDue = onDue
  }

  add(ms: number, run: () => void): Timer {
    const timer: Timer = { dueAt: this.#ctx.now() + ms, order: this.#count++, run, heapIndex: -1 }
    this.#heap.push(timer)
    this.#arm()
    return timer
  }

  /** The sleep goes on: what comes later most likely needs it. */
  remove(timer: Timer): void {
    this.#heap.remove(timer)
  }

  /** Resolves when no sleep is open. */
  async stop(): Promise<void> {
    const sleep = this.#sleep
    this.#sleep = undefined
    if (sleep) await this.#ctx.cancel(sleep.task, 'nothing waits for it any more')
  }

  #arm(): void {
    const next = this.#heap.top()
    if (next === undefined) return
    if (this.#sleep) {
      if (this.#sleep.until <= next.dueAt) return
      void this.#ctx.cancel(this.#sleep.task, 'something is due earlier')
    }
    const until = next.dueAt
    const task = this.#ctx.sleep(Math.max(0, until - this.#ctx.now()))
    const sleep = { task, until }
    this.#sleep = sleep
    task.then(
      () => {
        if (this.#sleep === sleep) this.#onDue(() => this.#fire(until))
      },
      // Cancelled, here or with the run.
      () => undefined,
    )
  }

  #fire(until: number): void {
    this.#sleep = undefined
    const now = Math.max(until, this.#ctx.now())
    for (let next = this.#heap.top(); next !== undefined && next.dueAt <= now; next = this.#heap.top()) {
      this.#heap.remove(next)
      next.run()
    }
    this.#arm()
  }
}
