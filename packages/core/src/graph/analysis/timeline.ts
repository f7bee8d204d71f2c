// When each task of a plan would start and end. No clock: durations in, times out.

import { createHeap, type Heap, type HeapItem } from '../../base/heap.ts'
import type { GraphNode, GraphPlan } from '../plan.ts'

/** One task on the time line, in milliseconds from the start of the graph. */
export interface Span {
  readonly id: string
  readonly from: number
  readonly to: number
  /** The need that it waited for last. */
  readonly after: string | undefined
}

/**
 * Starts each task as soon as its join is met and a place is free, the one with the lowest place first, as the scheduler
 * does. Everything goes well, and nothing is skipped. Pools are not looked at. In the order of starts.
 */
export function timelineOf(plan: GraphPlan, msOf: (node: GraphNode) => number, places: number): readonly Span[] {
  const missing = new Map(plan.map((node) => [node, typeof node.join === 'number' ? node.join : node.needs.length]))
  const last = new Map<GraphNode, string>()
  const ready = createHeap<Place>((a, b) => a.node.place < b.node.place)
  const ending = createHeap<Place>((a, b) => a.to < b.to || (a.to === b.to && a.node.index < b.node.index))
  const spans: Span[] = []
  let now = 0
  let free = places
  const begin = (node: GraphNode): void => {
    const to = now + msOf(node)
    spans.push({ id: node.id, from: now, to, after: last.get(node) })
    ending.push({ node, to, heapIndex: -1 })
  }
  const open = (node: GraphNode): void => {
    // What waits for something outside takes no place.
    if (node.isWait) begin(node)
    else ready.push({ node, to: 0, heapIndex: -1 })
  }
  for (const node of plan) if (missing.get(node) === 0) open(node)
  for (;;) {
    while (free > 0) {
      const next = take(ready)
      if (next === undefined) break
      free--
      begin(next.node)
    }
    const ended = take(ending)
    if (ended === undefined) return spans
    now = ended.to
    if (!ended.node.isWait) free++
    for (const dependent of ended.node.dependents) {
      // All nodes are of the plan.
      const left = missing.get(dependent)! - 1
      missing.set(dependent, left)
      if (left !== 0) continue
      last.set(dependent, ended.node.id)
      open(dependent)
    }
  }
}

/** A task in a heap: one that may start, or that ends at a time. */
interface Place extends HeapItem {
  readonly node: GraphNode
  readonly to: number
}

function take(heap: Heap<Place>): Place | undefined {
  const first = heap.top()
  if (first !== undefined) heap.remove(first)
  return first
}

/** A time in which the same tasks are at work together. */
export interface ParallelWindow {
  readonly from: number
  readonly to: number
  readonly tasks: readonly string[]
}

/** The windows of a time line, in their order; times with one task or none are left out. */
export function parallelWindows(spans: readonly Span[]): readonly ParallelWindow[] {
  const times = [...new Set(spans.flatMap(({ from, to }) => [from, to]))].toSorted((a, b) => a - b)
  const starts = Map.groupBy(spans, ({ from }) => from)
  let open: readonly Span[] = []
  const windows: ParallelWindow[] = []
  for (const [at, from] of times.entries()) {
    open = [...open.filter(({ to }) => to > from), ...(starts.get(from) ?? []).filter(({ to }) => to > from)]
    const to = times[at + 1]
    if (to !== undefined && open.length > 1) windows.push({ from, to, tasks: open.map(({ id }) => id) })
  }
  return windows
}

/** The tasks that decide when the graph ends: each waited for the one before. */
export function criticalPath(spans: readonly Span[]): readonly string[] {
  const byId = new Map(spans.map((span) => [span.id, span]))
  const path: string[] = []
  let at = spans.reduce<Span | undefined>(
    (latest, span) => (latest === undefined || span.to >= latest.to ? span : latest),
    undefined,
  )
  while (at !== undefined) {
    path.unshift(at.id)
    at = at.after === undefined ? undefined : byId.get(at.after)
  }
  return path
}
