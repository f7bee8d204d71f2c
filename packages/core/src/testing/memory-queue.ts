import type { EngineId, RunId } from '../base/ids.ts'
import type { Change } from '../store/store.ts'
import { createHeap, type Heap } from '../base/heap.ts'
import { done, type MemoryRun, type MemoryState, type Watcher } from './memory-state.ts'

/** Highest priority first, then earliest deadline, then oldest. */
function isClaimedBefore(a: MemoryRun, b: MemoryRun): boolean {
  if (a.made.priority !== b.made.priority) return a.made.priority > b.made.priority
  const deadlineA = a.made.deadlineAt ?? Number.POSITIVE_INFINITY
  const deadlineB = b.made.deadlineAt ?? Number.POSITIVE_INFINITY
  return deadlineA === deadlineB ? a.order < b.order : deadlineA < deadlineB
}

/** A heap of waiting runs, the next to wake on top. */
export function createWakeHeap(): Heap<MemoryRun> {
  return createHeap((a, b) => (a.wakeAt ?? 0) < (b.wakeAt ?? 0))
}

/** Takes the run out of the heap in which it waits, if any. */
export function unqueue(run: MemoryRun): void {
  run.heap?.remove(run)
  run.heap = undefined
}

function enqueue(run: MemoryRun, heap: Heap<MemoryRun>): void {
  unqueue(run)
  run.heap = heap
  heap.push(run)
}

/** Lets the run be claimed, and tells the engines. */
export function makeClaimable(state: MemoryState, run: MemoryRun): void {
  const key = `${run.made.definition}@${run.made.version}`
  const heaps = run.holdsPlace === false ? state.claimableWorkflows : state.claimable
  let heap = heaps.get(key)
  if (heap === undefined) {
    heap = createHeap(isClaimedBefore)
    heaps.set(key, heap)
  }
  if (run.heap === heap) return
  enqueue(run, heap)
  tellClaimable(state, run.holdsPlace === false)
}

function tellClaimable(state: MemoryState, needsPlace: boolean): void {
  for (const watchers of state.watchers.values()) {
    for (const watcher of watchers) {
      if (needsPlace && !hasPlace(state, watcher.maxWorkflows)) continue
      watcher.isClaimable = true
      schedule(watcher)
    }
  }
}

/** Whether one more workflow may take a place. */
function hasPlace({ placesHeld }: MemoryState, maxWorkflows: number | undefined): boolean {
  return maxWorkflows === undefined || placesHeld < maxWorkflows
}

/** Lets a workflow hold a place. */
export function takePlace(state: MemoryState, run: MemoryRun): void {
  if (run.holdsPlace !== false) return
  run.holdsPlace = true
  state.placesHeld++
}

/** Lets a workflow without a place go on as if it were none: it is to be cancelled. */
export function exempt(state: MemoryState, run: MemoryRun): void {
  if (run.holdsPlace !== false) return
  run.holdsPlace = undefined
  // From one queue to the other, if it lies in one.
  if (run.heap !== undefined && run.heap !== state.wakes) makeClaimable(state, run)
}

/** Takes the place of a workflow away, and tells the engines if another waits for it. */
export function freePlace(state: MemoryState, run: MemoryRun): void {
  if (run.holdsPlace !== true) return
  run.holdsPlace = false
  state.placesHeld--
  const isWanted = [...state.claimableWorkflows.values()].some((heap) => heap.top() !== undefined)
  if (isWanted) tellClaimable(state, true)
}

/** Lets the run wait for its wake time, if it has one. Mail wakes it through {@link makeClaimable}. */
export function makeWaiting(state: MemoryState, run: MemoryRun): void {
  if ((run.mail?.size ?? 0) > 0) makeClaimable(state, run)
  else if (run.wakeAt !== undefined) enqueue(run, state.wakes)
}

/** Lets runs whose wake time passed be claimed. */
export function wakeDue(state: MemoryState): void {
  const now = state.now()
  for (let run = state.wakes.top(); run?.wakeAt !== undefined && run.wakeAt <= now; run = state.wakes.top()) {
    makeClaimable(state, run)
  }
}

/** The run to claim next of these definitions. */
export function firstClaimable(
  state: MemoryState,
  definitions: readonly string[],
  maxWorkflows: number | undefined,
): MemoryRun | undefined {
  const { claimable, claimableWorkflows } = state
  const queues = hasPlace(state, maxWorkflows) ? [claimable, claimableWorkflows] : [claimable]
  let first: MemoryRun | undefined
  for (const queue of queues) {
    for (const definition of definitions) {
      const top = queue.get(definition)?.top()
      if (top !== undefined && (first === undefined || isClaimedBefore(top, first))) first = top
    }
  }
  return first
}

/** Mail came for the run: its owner is told, or the waiting run can be claimed. */
export function announceMail(state: MemoryState, run: MemoryRun): void {
  if (run.owner === undefined) {
    if (run.status === 'waiting') makeClaimable(state, run)
    return
  }
  for (const watcher of state.watchers.get(run.owner.id) ?? []) {
    watcher.mail.add(run.made.runId)
    schedule(watcher)
  }
}

/** Registers a watcher; the returned function stops it. */
export function addWatcher(
  state: MemoryState,
  engine: EngineId,
  onChange: (change: Change) => void,
  maxWorkflows: number | undefined,
): () => void {
  const watcher: Watcher = {
    onChange,
    maxWorkflows,
    mail: new Set<RunId>(),
    isClaimable: false,
    isScheduled: false,
    isStopped: false,
  }
  const watchers = state.watchers.get(engine) ?? new Set()
  state.watchers.set(engine, watchers.add(watcher))
  return () => {
    watcher.isStopped = true
    watchers.delete(watcher)
    if (watchers.size === 0 && state.watchers.get(engine) === watchers) state.watchers.delete(engine)
  }
}

/** Calls back once for all changes of this turn, never inside the call that made them. */
function schedule(watcher: Watcher): void {
  if (watcher.isScheduled) return
  watcher.isScheduled = true
  void done.then(() => {
    watcher.isScheduled = false
    if (watcher.isStopped) return
    const change: Change = { mail: [...watcher.mail], claimable: watcher.isClaimable }
    watcher.mail.clear()
    watcher.isClaimable = false
    watcher.onChange(change)
  })
}
