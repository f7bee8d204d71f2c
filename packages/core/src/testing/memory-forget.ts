import type { Scope, TenantId } from '../base/ids.ts'
import { forgetMoney } from './memory-money.ts'
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
  if (gone.size === 0) return 0
  forgetBlobs(state, gone)
  forgetMoney(state, new Set([...gone].map((run) => run.made.runId)))
  for (const run of gone) {
    unqueue(run)
    state.runs.delete(run.made.runId)
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
