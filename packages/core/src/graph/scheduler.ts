// Which task starts next. No promises, no clock: state in, decision out, so that it can be simulated and tested on
// random graphs. Invariants: a task starts after all its needs are done, and once; no more than `maxParallel` run;
// while a task is ready and a place is free, `takeNext` gives one out. No level barriers.

import type { GraphNode, GraphPlan } from './plan.ts'

/** How far a graph has come. */
export interface Schedule {
  readonly maxParallel: number
  /** By index: the needs of each task that are not done. Stays above 0 behind a failed task. */
  readonly missing: Int32Array
  /** What may start, the next one last. */
  readonly ready: GraphNode[]
  running: number
}

/** The state before anything ran. */
export function beginSchedule(plan: GraphPlan, maxParallel: number): Schedule {
  const ready = plan.filter((node) => node.needs.length === 0).toSorted((a, b) => b.place - a.place)
  return { maxParallel, missing: Int32Array.from(plan, (node) => node.needs.length), ready, running: 0 }
}

/** Gives out the task to start now, if any may. */
export function takeNext(schedule: Schedule): GraphNode | undefined {
  if (schedule.running >= schedule.maxParallel) return undefined
  const node = schedule.ready.pop()
  if (node !== undefined) schedule.running++
  return node
}

/** Takes note that a task ended. What needs a failed task never becomes ready. */
export function settle(schedule: Schedule, node: GraphNode, isDone: boolean): void {
  schedule.running--
  if (!isDone) return
  for (const dependent of node.dependents) {
    // Both are of the plan that `missing` was made from: the index exists.
    if (--schedule.missing[dependent.index]! === 0) insert(schedule.ready, dependent)
  }
}

/** True when nothing runs and nothing can. */
export function isFinished(schedule: Schedule): boolean {
  return schedule.running === 0 && schedule.ready.length === 0
}

/** Keeps the list in order. Moving up to 10,000 pointers costs less than the bookkeeping of a heap would. */
function insert(ready: GraphNode[], node: GraphNode): void {
  let low = 0
  let high = ready.length
  while (low < high) {
    const middle = (low + high) >>> 1
    // Between low and high: the index exists.
    if (ready[middle]!.place > node.place) low = middle + 1
    else high = middle
  }
  ready.splice(low, 0, node)
}
