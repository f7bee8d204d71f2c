// What of a graph decides which calls a run makes, and in which order. A run remembers the shape it began with: code
// whose graph has another one under the same version must not drive it, and says so before it does.

import { MeepoError } from '../base/errors.ts'
import type { RunContext } from '../run/context.ts'
import type { PreparedGraph } from './prepare.ts'
import type { AnyTask, TaskWork } from './task.ts'

/** Present in every run of a graph that knows shapes; logs from before do not have it. */
const known = 'graph-shape'

/** The patches of a graph: its shape. */
export function shapePatches(graph: PreparedGraph): readonly string[] {
  return [known, `${known}:${shapeOf(graph)}`]
}

/** Throws `graph.changed` when the run began with another shape. */
export function checkShape(ctx: RunContext, graph: PreparedGraph): void {
  if (!ctx.patch(known) || ctx.patch(`${known}:${shapeOf(graph)}`)) return
  throw new MeepoError(
    'graph.changed',
    `graph ${graph.name} has other tasks, needs or orders than when this run began, under the same version`,
  )
}

const shapes = new WeakMap<PreparedGraph, string>()

/** A short name of the shape. Computed once per graph. */
export function shapeOf(graph: PreparedGraph): string {
  let shape = shapes.get(graph)
  if (shape === undefined) shapes.set(graph, (shape = sum(describe(graph))))
  return shape
}

function* describe({ plan, tasks, maxParallel, pools, onFailure }: PreparedGraph): Generator<string> {
  yield JSON.stringify([maxParallel, pools ?? null, onFailure ?? null])
  for (const { id, needs, join, joinWithinMs, rank, latestStart, priority, uses } of plan) {
    // The plan was made of these tasks.
    const task = tasks.get(id)!
    const needed = needs.map((need) => need.index)
    yield JSON.stringify([
      id,
      needed,
      join,
      joinWithinMs,
      rank,
      latestStart,
      priority,
      uses,
      workOf(task.work),
      ruleOf(task),
    ])
  }
}

function workOf(work: TaskWork): string {
  if (work.kind === 'definition') return `${work.definition.name}@${work.definition.version}`
  if (work.kind === 'signal') return `signal ${work.name}`
  return work.kind === 'tool' ? `tool ${work.tool.name}` : work.kind
}

function ruleOf({ when, forEach, concurrency, repeat, onRollback, optional, timeoutMs }: AnyTask): unknown {
  return [
    when !== undefined,
    forEach !== undefined,
    concurrency,
    repeat?.maxTimes,
    onRollback !== undefined,
    optional,
    timeoutMs,
  ]
}

/** Two sums of 32 bits: tells accidental changes apart, and protects from nobody. */
function sum(texts: Iterable<string>): string {
  let [one, two] = [0x811c9dc5, 0x9e3779b9]
  for (const text of texts) {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      one = Math.imul(one ^ code, 0x01000193)
      two = Math.imul(two ^ code, 0x85ebca6b) + (two >>> 13)
    }
  }
  return (one >>> 0).toString(36) + (two >>> 0).toString(36)
}
