import type { RunId, Scope, TenantId } from '../base/ids.ts'
import type { PruneOptions } from '../store/store.ts'
import { forgetMoney, hasOpenCalls, pruneMoney } from './memory-money.ts'
import { unqueue } from './memory-queue.ts'
import { hasEnded, isInScope, type MemoryRun, type MemoryState } from './memory-state.ts'

/** Removes the trees of runs of which every member ended before the time. */
export function forgetRuns(state: MemoryState, scope: Scope, endedBefore: number): number {
  const gone = new Set<MemoryRun>()
  for (const tree of trees(state, scope)) {
    if (tree.every((run) => hasEnded(run) && run.endedAt !== undefined && run.endedAt < endedBefore)) {
      for (const run of tree) gone.add(run)
    }
  }
  forgetMoney(state, idsOf(gone))
  return remove(state, gone)
}

interface DueTree {
  readonly tree: readonly MemoryRun[]
  readonly root: MemoryRun
  readonly endedAt: number
}

/** The trees of which the root is due, those that ended first before others. */
export function dueTrees(state: MemoryState, scope: Scope, options: PruneOptions): readonly DueTree[] {
  const { definition, statuses, endedBefore, limit, runs } = options
  const wanted: ReadonlySet<string> = new Set(statuses)
  const due = trees(state, scope).flatMap((tree) => {
    const root = tree.find(({ made }) => made.parent === undefined)
    if (root?.endedAt === undefined || root.made.definition !== definition || !wanted.has(root.status)) return []
    if (runs && !runs.includes(root.made.runId)) return []
    return root.endedAt < endedBefore && isRemovable(state, tree) ? [{ tree, root, endedAt: root.endedAt }] : []
  })
  return due.toSorted((a, b) => a.endedAt - b.endedAt || a.root.order - b.root.order).slice(0, Math.max(0, limit))
}

/** Removes trees of one definition; see `Log.prune`. */
export function pruneRuns(state: MemoryState, scope: Scope, options: PruneOptions): number {
  const gone = new Set(dueTrees(state, scope, options).flatMap(({ tree }) => tree))
  pruneMoney(state, idsOf(gone))
  return remove(state, gone)
}

function isRemovable(state: MemoryState, tree: readonly MemoryRun[]): boolean {
  return tree.every((run) => hasEnded(run) && !hasOpenCalls(state, run.made.runId))
}

function idsOf(runs: ReadonlySet<MemoryRun>): ReadonlySet<RunId> {
  return new Set([...runs].map((run) => run.made.runId))
}

function remove(state: MemoryState, gone: ReadonlySet<MemoryRun>): number {
  if (gone.size === 0) return 0
  forgetBlobs(state, gone)
  for (const run of gone) {
    unqueue(run)
    state.runs.delete(run.made.runId)
    for (const wake of run.followers ?? []) wake()
  }
  state.tail = state.tail.filter((event) => !gone.has(event.run))
  return gone.size
}

function trees(state: MemoryState, scope: Scope): readonly MemoryRun[][] {
  const byRoot = new Map<MemoryRun, MemoryRun[]>()
  for (const run of state.runs.values()) {
    if (!isInScope(run, scope)) continue
    const root = rootOf(state, run)
    const tree = byRoot.get(root)
    if (tree === undefined) byRoot.set(root, [run])
    else tree.push(run)
  }
  return [...byRoot.values()]
}

function rootOf(state: MemoryState, run: MemoryRun): MemoryRun {
  let root = run
  for (;;) {
    const parent = root.made.parent === undefined ? undefined : state.runs.get(root.made.parent.runId)
    if (parent === undefined) return root
    root = parent
  }
}

/**
 * Removes the blobs that only the gone runs named. One that was put again after it was last named stays: somebody is
 * about to name it.
 */
function forgetBlobs(state: MemoryState, gone: ReadonlySet<MemoryRun>): void {
  const kept = new Map<TenantId, Set<string>>()
  const dropped = new Map<TenantId, Map<string, number>>()
  for (const event of state.tail) {
    const tenant = event.run.made.tenant
    for (const blob of blobsIn(event.data)) {
      if (gone.has(event.run)) dropped.set(tenant, (dropped.get(tenant) ?? new Map()).set(blob, event.cursor))
      else kept.set(tenant, (kept.get(tenant) ?? new Set()).add(blob))
    }
  }
  for (const [tenant, named] of dropped) {
    const blobs = state.blobs.get(tenant)
    for (const [id, cursor] of named) {
      const putAt = blobs?.get(id)?.putAt
      if (kept.get(tenant)?.has(id) !== true && putAt !== undefined && putAt < cursor) blobs?.delete(id)
    }
  }
}

/** The ids of all blob references in a value. */
function* blobsIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  if ('blob' in value && typeof value.blob === 'string' && 'bytes' in value) yield value.blob
  for (const item of Object.values(value)) yield* blobsIn(item)
}
