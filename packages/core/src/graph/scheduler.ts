// Which task starts next, and what the end of one means for the others. No promises, no clock: state in, decisions out,
// so that it can be simulated and tested on random graphs. Invariants:
//   1 a task starts when its join is met, and once (once per item with `forEach`);
//   2 no more than `maxParallel` run, and no pool gives out more than it has; waits take no place;
//   3 while a task is ready and fits, `takeNext` gives one out, however much others wait for a full pool;
//   4 every task ends: what can no longer start is skipped or has failed, with the reason. No level barriers.

import { createHeap, type Heap, type HeapItem } from '../base/heap.ts'
import { compareTurns } from './order.ts'
import type { DraftNode, GraphNode, GraphPlan } from './plan.ts'
import type { TaskStatus } from './task-view.ts'

/** A task that may run, as often as it has items. */
export interface Slot extends HeapItem {
  readonly node: GraphNode
  readonly lane: Lane
  readonly place: number
  /** Runs that have not begun. */
  left: number
  /** Runs that have begun and not ended. */
  open: number
  readonly most: number
}

/** What is ready and takes the same: when the first of them does not fit, none does. */
interface Lane {
  readonly isWait: boolean
  readonly uses: GraphNode['uses']
  readonly ready: Heap<Slot>
}

/** What follows from an end, for whoever drives. */
type Notice =
  /** Its join is met, and it must be asked whether and how often it runs: {@link admit} or {@link end} it. */
  | { readonly kind: 'asked'; readonly node: GraphNode }
  /** It never ran. */
  | { readonly kind: 'ended'; readonly node: GraphNode; readonly status: 'failed' | 'skipped'; readonly why: string }
  /** It runs, and nobody wants it any more: cancel it, then {@link end} it. */
  | { readonly kind: 'cancel'; readonly node: GraphNode; readonly why: string }

/** What limits the tasks of a run. */
export interface ScheduleLimits {
  readonly maxParallel: number
  readonly pools?: Readonly<Record<string, number>> | undefined
  /** Runs and waits that may be open together; no limit unless said. */
  readonly maxOpen?: number
  /** Tasks may be added: the schedule works on a copy of the plan. */
  readonly canGrow?: boolean
}

/** How far a graph has come. */
export interface Schedule {
  readonly maxParallel: number
  readonly maxOpen: number
  readonly nodes: GraphNode[]
  /** The nodes again, if tasks may be added. */
  readonly own: DraftNode[] | undefined
  /** By index, as what follows. */
  readonly status: TaskStatus[]
  /** Needs that have not ended. */
  readonly missing: number[]
  /** Needs that have completed. */
  readonly done: number[]
  readonly lanes: Lane[]
  /** Free units by pool. */
  readonly free: Map<string, number>
  readonly notices: Notice[]
  /** Tasks whose end without result counts as done for those that need them. */
  readonly excused: Set<GraphNode>
  /** Running tasks that were told to end. */
  readonly unwanted: Set<GraphNode>
  /** Tasks that have not ended. */
  unended: number
  /** Runs that take a place. */
  running: number
  waiting: number
}

/** The state before anything ran. */
export function beginSchedule(plan: GraphPlan, limits: ScheduleLimits): Schedule {
  const own = limits.canGrow === true ? copyPlan(plan) : undefined
  const nodes = own ?? [...plan]
  const schedule: Schedule = {
    maxParallel: limits.maxParallel,
    maxOpen: limits.maxOpen ?? Infinity,
    nodes,
    own,
    status: nodes.map(() => 'pending'),
    missing: nodes.map((node) => node.needs.length),
    done: nodes.map(() => 0),
    lanes: [],
    free: new Map(Object.entries(limits.pools ?? {})),
    notices: [],
    excused: new Set(),
    unwanted: new Set(),
    unended: nodes.length,
    running: 0,
    waiting: 0,
  }
  for (const node of nodes) if (node.needs.length === 0) makeReady(schedule, node)
  return schedule
}

/** Gives out the task to run now, if any may. */
export function takeNext(schedule: Schedule): Slot | undefined {
  if (schedule.running + schedule.waiting >= schedule.maxOpen) return undefined
  let next: Slot | undefined
  for (const lane of schedule.lanes) {
    const first = topOf(schedule, lane)
    if (first === undefined || !fits(schedule, lane)) continue
    if (next === undefined || isBefore(first, next)) next = first
  }
  if (next === undefined) return undefined
  take(schedule, next)
  return next
}

/** One run of a task is over: gives back what it took. The task itself ends by {@link end}. */
export function release(schedule: Schedule, slot: Slot): void {
  const { lane } = slot
  slot.open--
  if (lane.isWait) schedule.waiting--
  else {
    schedule.running--
    for (const [pool, units] of lane.uses) schedule.free.set(pool, schedule.free.get(pool)! + units)
  }
  if (slot.left > 0 && slot.open === slot.most - 1) lane.ready.push(slot)
}

/** What has not begun of a task is not begun any more. */
export function dropRest(slot: Slot): void {
  slot.left = 0
  slot.lane.ready.remove(slot)
}

/** Lets a task run that was asked: `runs` times, no more than `most` at a time. */
export function admit(schedule: Schedule, node: GraphNode, runs: number, most: number): void {
  enqueue(schedule, node, runs, most)
}

/** Takes note that a task ended, and works out what that means for the others. */
export function end(schedule: Schedule, node: GraphNode, status: TaskStatus): void {
  conclude(schedule, node, status)
  tellDependents(schedule, [node])
}

/** Tells those that need an ended task; those that end by it are added to the list, as a chain of them may be long. */
function tellDependents(schedule: Schedule, ended: GraphNode[]): void {
  for (const each of ended) {
    for (const dependent of each.dependents) {
      if (schedule.status[dependent.index] === 'pending') needEnded(schedule, dependent, each, ended)
    }
  }
}

/** The time to wait for the needs of a task is over. */
export function expire(schedule: Schedule, node: GraphNode): void {
  if (schedule.status[node.index] !== 'pending') return
  if (node.join === 'settled') meet(schedule, node)
  else {
    const why = `its needs were not there in time: ${openNeeds(schedule, node)}`
    endUnrun(schedule, node, 'failed', why)
    abandonNeeds(schedule, node)
  }
}

/** Nothing new starts, and what runs is to be cancelled. */
export function stopAll(schedule: Schedule, why: string): void {
  for (const node of schedule.nodes) {
    const status = schedule.status[node.index]
    if (status === 'pending' || status === 'ready') {
      conclude(schedule, node, 'skipped')
      schedule.notices.push({ kind: 'ended', node, status: 'skipped', why })
    } else if (status === 'running') tellUnwanted(schedule, node, why)
  }
  for (const lane of schedule.lanes) for (let slot = lane.ready.top(); slot; slot = lane.ready.top()) dropRest(slot)
}

/** Tasks that have not begun and need this one, directly or not, never run. */
export function dropBehind(schedule: Schedule, node: GraphNode, why: string): void {
  const behind = [...node.dependents]
  // The list grows while it is read.
  for (const each of behind) {
    if (schedule.status[each.index] !== 'pending') continue
    conclude(schedule, each, 'skipped')
    schedule.notices.push({ kind: 'ended', node: each, status: 'skipped', why })
    behind.push(...each.dependents)
  }
}

/** Takes in tasks that were added to the nodes of a schedule that can grow. */
export function addNodes(schedule: Schedule, added: readonly GraphNode[]): void {
  const first = schedule.nodes.length
  for (const node of added) {
    schedule.nodes.push(node)
    schedule.status.push('pending')
    schedule.missing.push(node.needs.length)
    schedule.done.push(0)
    schedule.unended++
  }
  const ended: GraphNode[] = []
  for (const node of added) {
    if (node.needs.length === 0) makeReady(schedule, node)
    // What has ended before is told now, as it was told to the others then.
    for (const need of node.needs) {
      const isTold = need.index < first && hasEnded(schedule, need) && schedule.status[node.index] === 'pending'
      if (isTold) needEnded(schedule, node, need, ended)
    }
  }
  tellDependents(schedule, ended)
}

/** Makes a task that has not begun wait for one more. */
export function addNeed(schedule: Schedule, node: DraftNode, need: DraftNode): void {
  node.needs.push(need)
  need.dependents.push(node)
  schedule.missing[node.index]!++
}

/** True when every task has ended and nothing runs. */
export function isFinished(schedule: Schedule): boolean {
  return schedule.unended === 0 && schedule.running === 0 && schedule.waiting === 0
}

/** True when a task will not change any more. */
function hasEnded(schedule: Schedule, node: GraphNode): boolean {
  const status = schedule.status[node.index]
  return status !== 'pending' && status !== 'ready' && status !== 'running'
}

// ---- ends ----

function conclude(schedule: Schedule, node: GraphNode, status: TaskStatus): void {
  schedule.status[node.index] = status
  schedule.unended--
}

function endUnrun(schedule: Schedule, node: GraphNode, status: 'failed' | 'skipped', why: string): void {
  schedule.notices.push({ kind: 'ended', node, status, why })
  end(schedule, node, status)
}

/** One need of a pending task has ended. */
function needEnded(schedule: Schedule, node: GraphNode, need: GraphNode, ended: GraphNode[]): void {
  const { index, join } = node
  // By the indices of its nodes.
  const status = schedule.status[need.index]!
  const missing = --schedule.missing[index]!
  const done = status === 'completed' ? ++schedule.done[index]! : schedule.done[index]!
  if (join === 'all') {
    if (status !== 'completed' && !need.isOptional && !schedule.excused.has(need)) {
      stop(schedule, node, 'skipped', `it needs ${need.id}, which ${wording[status] ?? 'was skipped'}`, ended)
    } else if (missing === 0) makeReady(schedule, node)
  } else if (join === 'settled') {
    if (missing === 0) makeReady(schedule, node)
  } else if (done >= join) meet(schedule, node)
  else if (done + missing < join) {
    const hasFailed = node.needs.some((each) => schedule.status[each.index] === 'failed')
    stop(
      schedule,
      node,
      hasFailed ? 'failed' : 'skipped',
      `it waits for ${join} of its ${node.needs.length} needs, and only ${done} completed`,
      ended,
    )
    abandonNeeds(schedule, node)
  }
}

const wording: Readonly<Partial<Record<TaskStatus, string>>> = { failed: 'failed', cancelled: 'was cancelled' }

function stop(
  schedule: Schedule,
  node: GraphNode,
  status: 'failed' | 'skipped',
  why: string,
  ended: GraphNode[],
): void {
  conclude(schedule, node, status)
  schedule.notices.push({ kind: 'ended', node, status, why })
  ended.push(node)
}

function openNeeds(schedule: Schedule, node: GraphNode): string {
  return node.needs
    .filter((need) => !hasEnded(schedule, need))
    .map((need) => need.id)
    .join(', ')
}

// ---- losers ----

/** The join is met though some needs have not ended. */
function meet(schedule: Schedule, node: GraphNode): void {
  makeReady(schedule, node)
  if (schedule.missing[node.index]! > 0) abandonNeeds(schedule, node)
}

/** Needs that have not ended, and that nobody waits for any more, are given up; so is what only they wait for. */
function abandonNeeds(schedule: Schedule, node: GraphNode): void {
  const looked = [...node.needs]
  // The list grows while it is read.
  for (const need of looked) {
    if (hasEnded(schedule, need) || need.dependents.some((each) => schedule.status[each.index] === 'pending')) continue
    const why = `nobody waits for it any more: ${node.id} goes on without`
    if (schedule.status[need.index] === 'running') tellUnwanted(schedule, need, why)
    else {
      conclude(schedule, need, 'skipped')
      schedule.notices.push({ kind: 'ended', node: need, status: 'skipped', why })
    }
    looked.push(...need.needs)
  }
}

function tellUnwanted(schedule: Schedule, node: GraphNode, why: string): void {
  if (schedule.unwanted.has(node)) return
  schedule.unwanted.add(node)
  schedule.notices.push({ kind: 'cancel', node, why })
}

// ---- ready ----

function makeReady(schedule: Schedule, node: GraphNode): void {
  schedule.status[node.index] = 'ready'
  if (node.isAsked) schedule.notices.push({ kind: 'asked', node })
  else enqueue(schedule, node, 1, 1)
}

function enqueue(schedule: Schedule, node: GraphNode, left: number, most: number): void {
  const lane = laneOf(schedule, node)
  lane.ready.push({ node, lane, place: node.place, left, most, open: 0, heapIndex: -1 })
}

function isBefore(a: Slot, b: Slot): boolean {
  return a.place === b.place ? compareTurns(a.node, b.node) < 0 : a.place < b.place
}

function laneOf({ lanes }: Schedule, { isWait, uses }: GraphNode): Lane {
  for (const lane of lanes) if (lane.isWait === isWait && isSame(lane.uses, uses)) return lane
  const ready = createHeap<Slot>(isBefore)
  const lane: Lane = { isWait, uses, ready }
  lanes.push(lane)
  return lane
}

function isSame(some: GraphNode['uses'], others: GraphNode['uses']): boolean {
  if (some.length !== others.length) return false
  return some.every(([pool, units]) => others.some((other) => other[0] === pool && other[1] === units))
}

/** The first that still may run: one that was given up stays in its lane until somebody looks. */
function topOf(schedule: Schedule, { ready }: Lane): Slot | undefined {
  let slot = ready.top()
  while (slot !== undefined && hasEnded(schedule, slot.node)) {
    ready.remove(slot)
    slot = ready.top()
  }
  return slot
}

function fits(schedule: Schedule, { isWait, uses }: Lane): boolean {
  if (isWait) return true
  if (schedule.running >= schedule.maxParallel) return false
  // What a task uses was found among the pools before.
  for (const [pool, units] of uses) if (schedule.free.get(pool)! < units) return false
  return true
}

function take(schedule: Schedule, slot: Slot): void {
  const { lane, node } = slot
  schedule.status[node.index] = 'running'
  slot.left--
  slot.open++
  if (slot.left === 0 || slot.open >= slot.most) lane.ready.remove(slot)
  if (lane.isWait) schedule.waiting++
  else {
    schedule.running++
    for (const [pool, units] of lane.uses) schedule.free.set(pool, schedule.free.get(pool)! - units)
  }
}

/** A copy whose nodes may get new dependents and needs. */
function copyPlan(plan: GraphPlan): DraftNode[] {
  const copies = plan.map((node): DraftNode => ({ ...node, needs: [], dependents: [], missing: 0 }))
  for (const [at, node] of plan.entries()) {
    // Indices are places in the plan.
    for (const need of node.needs) copies[at]!.needs.push(copies[need.index]!)
    for (const dependent of node.dependents) copies[at]!.dependents.push(copies[dependent.index]!)
  }
  return copies
}
