import { MeepoError } from '../base/errors.ts'
import type { RunId, Scope, TenantId } from '../base/ids.ts'
import type { LogEvent } from '../log/events.ts'
import { blobsOf } from '../run/record-fold.ts'
import type { LedgerEntry } from '../store/money.ts'
import type { Delivery, Mail, RunSummary, Store } from '../store/store.ts'
import type { RunCopy, TreeCopy } from './run-copy.ts'

/** How often a run that goes on meanwhile is looked at again. */
const mostLooks = 20
const pageRows = 500

/**
 * Copies a run with everything below it out of a store. Each run is copied as it was at one moment; one that is being
 * driven goes on. Rejects with `run.not_found`, and with `archive.failed` (worth another try) for a run that never stood
 * still for a moment.
 */
export async function copyTree(store: Store, scope: Scope, runId: RunId): Promise<TreeCopy> {
  const root = await store.log.run(scope, runId)
  const members = [root]
  // Grows while it is walked: parents come before their children.
  for (const member of members) members.push(...(await childrenOf(store, scope, member.runId)))
  const runs: RunCopy[] = []
  for (const member of members) runs.push(await copyRun(store, scope, member.runId))
  return { tenant: root.tenant, runs, blobs: await readBlobs(store, root.tenant, runs) }
}

/** The runs right below one, the oldest first. */
export async function childrenOf(store: Store, scope: Scope, parent: RunId): Promise<readonly RunSummary[]> {
  const found: RunSummary[] = []
  for (;;) {
    const before = found.at(-1)?.runId
    const filter = { parent, limit: pageRows, ...(before === undefined ? {} : { before }) }
    const page = await store.log.runs(scope, filter)
    found.push(...page)
    // Lists begin with the newest; copies keep the order in which runs were made.
    if (page.length < pageRows) return found.toReversed()
  }
}

async function copyRun(store: Store, scope: Scope, runId: RunId): Promise<RunCopy> {
  for (let look = 0; look < mostLooks; look++) {
    const before = await store.log.run(scope, runId)
    const copy = await copyOnce(store, scope, before)
    const after = await store.log.run(scope, runId)
    if (after.lastSeq === before.lastSeq && copy.events.length === after.lastSeq) return copy
  }
  throw new MeepoError('archive.failed', `run ${runId} goes on too fast to be copied`, { retryable: true })
}

async function copyOnce(store: Store, scope: Scope, { runId, isWorkflow }: RunSummary): Promise<RunCopy> {
  const events = await store.log.read(scope, runId)
  const pending = await store.inbox.pending(scope, runId)
  const reservations = await store.money.reservations(scope, runId)
  const [balance] = await store.money.balances([`run:${runId}`])
  const { settled = '0', limit } = balance ?? {}
  return {
    runId,
    isWorkflow: isWorkflow === true,
    events,
    pending: pending.map(withoutRun),
    ledger: await readLedger(store, scope, runId),
    reservations,
    account: { settled, ...(limit === undefined ? {} : { limit }) },
  }
}

function withoutRun({ runId: _run, ...delivery }: Mail): Delivery {
  return delivery
}

async function readLedger(store: Store, scope: Scope, runId: RunId): Promise<readonly LedgerEntry[]> {
  const found: LedgerEntry[] = []
  for (let after = 0; ;) {
    const page = await store.money.ledger(scope, { runId, after, limit: pageRows })
    found.push(...page.map(({ cursor: _cursor, ...line }) => line))
    const last = page.at(-1)
    if (!last || page.length < pageRows) return found
    after = last.cursor
  }
}

async function readBlobs(
  store: Store,
  tenant: TenantId,
  runs: readonly RunCopy[],
): Promise<ReadonlyMap<string, string>> {
  const blobs = new Map<string, string>()
  for (const { events, pending } of runs) {
    for (const id of [
      ...blobsOf(events),
      ...pending.flatMap(({ kind, data }) => (kind === 'child' ? refsIn(data) : [])),
    ]) {
      if (!blobs.has(id)) blobs.set(id, await store.blobs.get({ tenant }, id))
    }
  }
  return blobs
}

/** The values that news of a child names. */
function refsIn(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  if ('ref' in value && typeof value.ref === 'object' && value.ref !== null && 'blob' in value.ref) {
    return typeof value.ref.blob === 'string' ? [value.ref.blob] : []
  }
  return 'outcome' in value ? refsIn(value.outcome) : 'result' in value ? refsIn(value.result) : []
}

/** The first event of a log, which says what the run is. */
export function createdOf(events: readonly LogEvent[]): Extract<LogEvent, { type: 'run.created' }> {
  const first = events[0]
  if (first?.type !== 'run.created') throw new MeepoError('archive.unknown_form', 'a log begins with run.created')
  return first
}
