import { MeepoError } from '../base/errors.ts'
import type { RunId, Scope } from '../base/ids.ts'
import type { Machine } from '../base/ports.ts'
import { isChargedTo } from '../store/charged.ts'
import type { RunSummary, Store } from '../store/store.ts'
import { lastPart, type Archive } from './archive.ts'
import { childrenOf, createdOf } from './copy-tree.ts'
import { readDocument } from './run-document.ts'

/** What was removed of a subject. Holds nothing that says who it was, but for the digest. */
export interface ErasureReceipt {
  /** SHA-256 of the subject as it was given: whoever knows it can check that this receipt is about it. */
  readonly subjectHash: string
  /** What the books say now in its place. */
  readonly alias: string
  /** When it was done, milliseconds since 1970. */
  readonly at: number
  /** Runs that were removed with their logs, mail, values and accounts; children count too. */
  readonly runs: number
  /** Lines of the ledger that named it. Their amounts stay. */
  readonly ledgerLines: number
  /** Objects that were removed from the archive: copies of runs, and checkpoints that were held. */
  readonly archived: number
}

/** What an erasure works on. */
export interface EraseParts {
  readonly store: Store
  readonly machine: Machine
  readonly archive: () => Promise<Archive>
  /** Everything unless said. */
  readonly scope?: Scope
}

/**
 * Removes what is known of a subject (`user:ann`, `session:42`, `tag:customer=7`): all runs that are charged to it with
 * everything below them, their copies in the archive, and its name in the books, where amounts stay. Doing it again goes on
 * where it stopped. Rejects with `erase.open_runs`, and has removed nothing, while one of those runs has not ended.
 */
export async function eraseSubject(
  { store, machine, archive, scope = 'system' }: EraseParts,
  subject: string,
): Promise<ErasureReceipt> {
  const kind = /^(user|session|tag):./.exec(subject)?.[1]
  if (kind === undefined) {
    throw new MeepoError('config.invalid', 'a subject is written user:NAME, session:ID or tag:KEY=VALUE')
  }
  const members = await findMembers(store, scope, subject)
  const open = members.filter(({ endedAt }) => endedAt === undefined)
  for (const one of members) {
    const aside = one.endedAt === undefined ? [] : await store.money.reservations(scope, one.runId)
    if (aside.length > 0) open.push(one)
  }
  if (open.length > 0) throw openRuns(open.map(({ runId }) => runId))
  const gone = new Set(members.map(({ runId }) => runId))
  const archived = await eraseCopies(await archive(), machine, scope, subject, gone)
  const runs = await removeTrees(store, scope, members)
  const alias = `${kind}:erased-${machine.random.id().slice(0, 12)}`
  const ledgerLines = await store.money.rename(scope, subject, alias)
  return { subjectHash: machine.hash(subject), alias, at: machine.scheduler.now(), runs, ledgerLines, archived }
}

function openRuns(runs: readonly RunId[]): MeepoError {
  const some = runs.slice(0, 20)
  return new MeepoError('erase.open_runs', `have not ended: ${some.join(', ')}`, {
    details: { runs: some, count: runs.length },
  })
}

/** The trees of all runs that are charged to the subject, whole. */
async function findMembers(store: Store, scope: Scope, subject: string): Promise<readonly RunSummary[]> {
  const members = new Map<RunId, RunSummary>()
  for (const runId of await store.log.chargedTo(scope, subject)) {
    if (members.has(runId)) continue
    const tree = [await rootOf(store, scope, await store.log.run(scope, runId))]
    // Grows while it is walked.
    for (const member of tree) {
      members.set(member.runId, member)
      tree.push(...(await childrenOf(store, scope, member.runId)))
    }
  }
  return [...members.values()]
}

async function rootOf(store: Store, scope: Scope, run: RunSummary): Promise<RunSummary> {
  let root = run
  while (root.parent) root = await store.log.run(scope, root.parent.runId)
  return root
}

/** Trees of one transaction. */
const treesPerCall = 100

async function removeTrees(store: Store, scope: Scope, members: readonly RunSummary[]): Promise<number> {
  const roots = Map.groupBy(
    members.filter(({ parent }) => !parent),
    ({ definition }) => definition,
  )
  let removed = 0
  for (const [definition, runs] of roots) {
    for (let from = 0; from < runs.length; from += treesPerCall) {
      const some = runs.slice(from, from + treesPerCall).map(({ runId }) => runId)
      const statuses = ['completed', 'failed', 'cancelled'] as const
      const options = { definition, statuses, endedBefore: Number.MAX_SAFE_INTEGER, limit: some.length, runs: some }
      removed += await store.log.prune(scope, options)
    }
  }
  return removed
}

/** Copies of these runs, and of others that are gone from the store by now. */
async function eraseCopies(
  archive: Archive,
  { hash }: Machine,
  scope: Scope,
  subject: string,
  gone: ReadonlySet<RunId>,
): Promise<number> {
  let erased = 0
  for (const folder of ['runs/', 'checkpoints/']) {
    for (const { name } of await Array.fromAsync(archive.list(folder))) {
      const runId = lastPart(folder === 'runs/' ? name : name.slice(0, name.lastIndexOf('/')))
      if (!gone.has(runId)) {
        const { tree } = readDocument(hash, await archive.get(name))
        const isIn = scope === 'system' || scope.tenant === tree.tenant
        if (!isIn || !tree.runs.some(({ events }) => isChargedTo(createdOf(events).data, subject))) continue
      }
      await archive.delete(name)
      erased++
    }
  }
  return erased
}
