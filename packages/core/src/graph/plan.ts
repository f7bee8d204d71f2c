// What is known about a graph before it runs: who waits for whom, and who goes first. Computed once per definition
// and shared by all its runs.

import { MeepoError } from '../base/errors.ts'
import { orderNodes, placeNodes } from './order.ts'
import type { TaskExpectation, TaskJoin } from './task.ts'

/** What a plan needs to know of a task. Any task of a graph is one. */
export interface TaskShape {
  readonly needs: readonly string[]
  readonly join?: TaskJoin
  readonly joinWithinMs?: number
  readonly optional?: boolean
  readonly priority?: number
  readonly deadlineMs?: number
  readonly expects?: TaskExpectation
  readonly uses?: Readonly<Record<string, number>>
  readonly work?: { readonly kind: string; readonly ms?: unknown }
  readonly when?: unknown
  readonly forEach?: unknown
}

/** A task in its place. */
export interface GraphNode {
  readonly id: string
  /** Counts from 0 in the order of declaration. */
  readonly index: number
  readonly needs: readonly GraphNode[]
  /** Those that need it. */
  readonly dependents: readonly GraphNode[]
  /** `all`, `settled`, or how many needs have to complete. */
  readonly join: 'all' | 'settled' | number
  readonly joinWithinMs: number | undefined
  readonly isOptional: boolean
  /** It waits for something outside and takes no place. */
  readonly isWait: boolean
  /** Somebody must look at it once its needs are met: it may be skipped, or run once per item. */
  readonly isAsked: boolean
  /** Units of pools that one run of it takes. */
  readonly uses: readonly (readonly [pool: string, units: number])[]
  readonly priority: number
  /** What it is likely to take; 1 for all when nothing is known. */
  readonly ms: number
  /** When it has to start at the latest for all deadlines behind it, from the start of the graph; Infinity without. */
  readonly latestStart: number
  /** The longest way from its start to an end of the graph. */
  readonly rank: number
  /** Of two tasks that could start, the one with the lower place goes first. */
  readonly place: number
}

/** A checked graph, its tasks in the order of declaration. */
export type GraphPlan = readonly GraphNode[]

/** A node while it is being placed. */
export interface DraftNode extends GraphNode {
  readonly needs: DraftNode[]
  readonly dependents: DraftNode[]
  latestStart: number
  rank: number
  place: number
  /** Needs that are not sorted yet. */
  missing: number
}

/** More tasks than anybody means: what grows beyond is a mistake. */
export const maxTasks = 100_000

/**
 * Checks the tasks and plans them. Throws `graph.invalid` or `graph.cycle`, naming the task. `places`: how many run at
 * one time, if that is known.
 */
export function planGraph(name: string, tasks: Readonly<Record<string, TaskShape>>, places: number = 100): GraphPlan {
  const ids = Object.keys(tasks)
  if (ids.length === 0) throw invalid(name, 'it has no tasks')
  return addToPlan(name, [], tasks, places)
}

/**
 * Plans tasks that come to planned ones; ids and needs may name both. The planned ones keep what they have: what becomes
 * of them is decided. Returns the new nodes, which the old ones know as their dependents.
 */
export function addToPlan(
  name: string,
  planned: readonly DraftNode[],
  tasks: Readonly<Record<string, TaskShape>>,
  places: number = 100,
): DraftNode[] {
  const shapes = Object.entries(tasks)
  const count = planned.length + shapes.length
  if (count > maxTasks) throw invalid(name, `it has ${count} tasks; ${maxTasks} are allowed`)
  const unknownMs = typicalMs(shapes)
  const { byId, first } = indexOf(planned)
  const drafts: DraftNode[] = []
  try {
    for (const [id, shape] of shapes) {
      if (byId.has(id)) throw invalid(name, `it has a task ${id} already`)
      const draft = draftOf(id, planned.length + drafts.length, shape, unknownMs)
      byId.set(id, draft)
      drafts.push(draft)
    }
    settle(name, planned.length, drafts, tasks, byId, places)
  } catch (thrown) {
    for (const { id } of drafts) byId.delete(id)
    throw thrown
  }
  placeNodes(first, drafts)
  if (planned.length > 0) {
    for (const draft of drafts) {
      for (const need of draft.needs) if (need.index < planned.length) need.dependents.push(draft)
    }
  }
  return drafts
}

/** What is looked up in planned tasks, whenever new ones come to them. */
interface PlanIndex {
  readonly byId: Map<string, DraftNode>
  /** Those that were planned together, in their order. */
  readonly first: readonly DraftNode[]
}

const indices = new WeakMap<readonly DraftNode[], PlanIndex>()

/** Made once for nodes that grow: a graph may grow as often as it has tasks. */
function indexOf(planned: readonly DraftNode[]): PlanIndex {
  let index = indices.get(planned)
  if (index === undefined) {
    const first = planned.toSorted((a, b) => a.place - b.place)
    index = { byId: new Map(planned.map((node) => [node.id, node])), first }
    indices.set(planned, index)
  }
  return index
}

/** Checks and ranks new nodes. */
function settle(
  name: string,
  count: number,
  drafts: readonly DraftNode[],
  tasks: Readonly<Record<string, TaskShape>>,
  byId: ReadonlyMap<string, DraftNode>,
  places: number,
): void {
  for (const { id } of drafts) check(name, id, tasks[id]!.needs, byId)
  for (const draft of drafts) link(draft, tasks[draft.id]!, byId, count)
  const sorted = sortByNeeds(drafts)
  if (sorted.length < drafts.length) throw cycle(name, drafts, new Set(sorted))
  for (const draft of drafts) checkJoin(name, draft, tasks[draft.id]!)
  orderNodes(sorted, tasks, count > 0 ? Infinity : places)
}

/** The middle of what is known, for tasks of which nothing is. */
function typicalMs(shapes: readonly (readonly [string, TaskShape])[]): number {
  const known = shapes.flatMap(([, shape]) => expectedMs(shape) ?? []).toSorted((a, b) => a - b)
  return known[known.length >> 1] ?? 1
}

function expectedMs({ expects, work }: TaskShape): number | undefined {
  if (expects?.ms !== undefined) return expects.ms
  return work?.kind === 'timer' && typeof work.ms === 'number' ? work.ms : undefined
}

function draftOf(id: string, index: number, shape: TaskShape, unknownMs: number): DraftNode {
  const { join = 'all', work } = shape
  const isWait = work?.kind === 'signal' || work?.kind === 'timer'
  return {
    id,
    index,
    needs: [],
    dependents: [],
    join: join === 'any' ? 1 : typeof join === 'object' ? join.atLeast : join,
    joinWithinMs: shape.joinWithinMs,
    isOptional: shape.optional === true,
    isWait,
    isAsked: shape.when !== undefined || shape.forEach !== undefined,
    uses: shape.uses && !isWait ? Object.entries(shape.uses) : [],
    priority: shape.priority ?? 0,
    ms: expectedMs(shape) ?? unknownMs,
    latestStart: Infinity,
    rank: 0,
    place: 0,
    missing: 0,
  }
}

function check(name: string, id: string, needs: readonly string[], byId: ReadonlyMap<string, DraftNode>): void {
  if (!byId.has(id) || !/^[A-Za-z0-9][\w.-]*$/.test(id)) {
    const rule = 'must begin with a letter or digit and go on with letters, digits, dots, dashes and underscores'
    throw invalid(name, `the task id ${JSON.stringify(id)} ${rule}`)
  }
  if (new Set(needs).size < needs.length) throw invalid(name, `task ${id} names one of its needs twice`)
  for (const needed of needs) {
    if (!byId.has(needed)) throw invalid(name, `task ${id} needs ${JSON.stringify(needed)}, which does not exist`)
  }
}

/** Only needs from `firstNew` on are still to be sorted. The old ones hear of it when all is found to be in order. */
function link(draft: DraftNode, { needs }: TaskShape, byId: ReadonlyMap<string, DraftNode>, firstNew: number): void {
  for (const needed of needs) {
    // All needs were looked up before the first was linked.
    const need = byId.get(needed)!
    draft.needs.push(need)
    if (need.index < firstNew) continue
    need.dependents.push(draft)
    draft.missing++
  }
}

function checkJoin(name: string, { id, join, needs, joinWithinMs }: GraphNode, shape: TaskShape): void {
  if (typeof join === 'number' && (!Number.isInteger(join) || join < 1 || join > needs.length)) {
    throw invalid(name, `task ${id} waits for ${join} of its ${needs.length} needs`)
  }
  if (joinWithinMs !== undefined && (!(joinWithinMs > 0) || needs.length === 0)) {
    throw invalid(name, `joinWithinMs of task ${id} must be above 0, and there must be needs to wait for`)
  }
  const { ms } = shape.expects ?? {}
  if (ms !== undefined && !(ms >= 0 && ms < Infinity)) throw invalid(name, `task ${id} expects ${ms} ms`)
}

/** Each task after its needs; those on a circle, and those behind one, are left out. */
function sortByNeeds(drafts: readonly DraftNode[]): DraftNode[] {
  const sorted = drafts.filter((draft) => draft.missing === 0)
  // The list grows while it is read.
  for (const draft of sorted) {
    for (const dependent of draft.dependents) {
      dependent.missing--
      if (dependent.missing === 0) sorted.push(dependent)
    }
  }
  return sorted
}

/** Every task left over needs another one left over: following them must come back to where it was. */
function cycle(name: string, drafts: readonly DraftNode[], sorted: ReadonlySet<DraftNode>): MeepoError {
  const path = new Set<DraftNode>()
  let at = drafts.find((draft) => !sorted.has(draft))
  while (at !== undefined && !path.has(at)) {
    path.add(at)
    at = at.needs.find((need) => need.missing > 0)
  }
  const circle = [...path].slice([...path].findIndex((draft) => draft === at)).map((draft) => draft.id)
  const text = [...circle, circle[0]].join(' needs ')
  return new MeepoError('graph.cycle', `graph ${name}: ${text}`, { details: { tasks: circle } })
}

/** A graph that is not as it must be. */
export function invalid(name: string, problem: string): MeepoError {
  return new MeepoError('graph.invalid', `graph ${name}: ${problem}`)
}

/** The tasks by level: those of one level need only tasks of levels above. They say nothing about when a task starts. */
export function levels(plan: GraphPlan): readonly (readonly string[])[] {
  const depth = new Map<GraphNode, number>()
  const left = new Map(plan.map((node) => [node, node.needs.length]))
  const rows: string[][] = []
  const sorted = plan.filter((node) => node.needs.length === 0)
  // The list grows while it is read.
  for (const node of sorted) {
    const level = Math.max(-1, ...node.needs.map((need) => depth.get(need)!)) + 1
    depth.set(node, level)
    ;(rows[level] ??= []).push(node.id)
    for (const dependent of node.dependents) {
      const open = left.get(dependent)! - 1
      left.set(dependent, open)
      if (open === 0) sorted.push(dependent)
    }
  }
  return rows
}
