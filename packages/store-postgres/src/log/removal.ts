import type { RunStatus } from '@meepo/core'
import { integers, texts } from '../database/arrays.ts'
import type { Transaction } from '../database/transaction.ts'

/** The statements that retention shares. */
export const removalSql = {
  // runs_parent
  trees: `WITH RECURSIVE tree (root, id, run_id) AS (
      SELECT id, id, run_id FROM runs WHERE id = ANY ($1::bigint[])
      UNION ALL SELECT tree.root, child.id, child.run_id FROM tree JOIN runs AS child ON child.parent_run = tree.run_id)
    SELECT root, id, run_id FROM tree`,
  // Whether they ended is looked at under the lock: one may be reopened in this moment.
  lock: `SELECT id, status, ended_at AS "endedAt" FROM runs WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE`,
  // Each by the index that begins with the run.
  usedBlobs: `DELETE FROM blob_uses WHERE run = ANY ($1::bigint[]) RETURNING tenant, hash`,
  events: 'DELETE FROM events WHERE run = ANY ($1::bigint[])',
  inbox: 'DELETE FROM inbox WHERE run = ANY ($1::bigint[])',
  runs: 'DELETE FROM runs WHERE id = ANY ($1::bigint[])',
  books: [
    'DELETE FROM ledger WHERE run = ANY ($1::bigint[])',
    'DELETE FROM reservations WHERE run = ANY ($1::bigint[])',
  ],
  // ledger_run. While the runs are there.
  detachLines: `UPDATE ledger SET run = NULL, past = r.run_id FROM runs AS r
    WHERE ledger.run = ANY ($1::bigint[]) AND r.id = ledger.run`,
  // accounts_run, by the id of the run
  accounts: `DELETE FROM accounts WHERE key IN
    (SELECT key FROM accounts WHERE run = ANY ($1::text[]) ORDER BY key FOR UPDATE)`,
  // A blob that gets a use in this moment is locked by it; the next statement sees the use.
  lockBlobs: `SELECT b.tenant, b.hash FROM blobs AS b JOIN unnest($1::text[], $2::text[]) AS v (tenant, hash)
    USING (tenant, hash) ORDER BY b.tenant, b.hash FOR UPDATE OF b`,
  // blob_uses_blob. $3: also those that were put and whose event may still come.
  deleteBlobs: `DELETE FROM blobs AS b USING unnest($1::text[], $2::text[]) AS v (tenant, hash)
    WHERE b.tenant = v.tenant AND b.hash = v.hash AND (put_at IS NULL OR $3)
      AND NOT EXISTS (SELECT 1 FROM blob_uses AS u WHERE u.tenant = b.tenant AND u.hash = b.hash)`,
} as const

/** Called with the keys of runs that are gone, after the commit. Must not throw. */
export type OnRemoved = (runs: readonly number[]) => void

/** A run of a tree. */
export interface Member {
  /** The key of the root. */
  readonly root: number
  readonly id: number
  readonly run_id: string
}

/** A run as it is, with its row locked. */
export interface LockedRun {
  readonly id: number
  readonly status: RunStatus
  readonly endedAt: number | null
}

/** A blob by its key. */
export interface Blob {
  readonly tenant: string
  readonly hash: string
}

/** The trees below roots, by the keys of those. */
export async function findTrees(
  transaction: Transaction,
  roots: readonly number[],
): Promise<ReadonlyMap<number, readonly Member[]>> {
  const trees = new Map<number, Member[]>()
  if (roots.length === 0) return trees
  for (const member of await transaction.all<Member>(removalSql.trees, integers(roots))) {
    const tree = trees.get(member.root)
    if (tree) tree.push(member)
    else trees.set(member.root, [member])
  }
  return trees
}

/** Locks runs. One that is missing in the answer is gone. */
export async function lockRuns(
  transaction: Transaction,
  runs: readonly Member[],
): Promise<ReadonlyMap<number, LockedRun>> {
  if (runs.length === 0) return new Map()
  const rows = await transaction.all<LockedRun>(removalSql.lock, integers(runs.map(({ id }) => id)))
  return new Map(rows.map((row) => [row.id, row]))
}

/** Removes the runs of whole trees, which are locked. `keepsBooks`: lines of the ledger stay. */
export async function removeRuns(
  transaction: Transaction,
  gone: readonly Member[],
  keepsBooks: boolean,
): Promise<void> {
  if (gone.length === 0) return
  const runs = integers(gone.map(({ id }) => id))
  const books = keepsBooks ? [removalSql.detachLines] : removalSql.books
  const removals = [removalSql.events, removalSql.inbox, ...books, removalSql.runs]
  const [used] = await Promise.all([
    transaction.all<Blob>(removalSql.usedBlobs, runs),
    ...removals.map((text) => transaction.run(text, runs)),
    transaction.run(removalSql.accounts, texts(gone.map(({ run_id }) => run_id))),
  ])
  if (used.length === 0) return
  const blobs = await transaction.all<Blob>(removalSql.lockBlobs, ...toArrays(used))
  await deleteBlobs(transaction, blobs, false)
}

/** Deletes those of locked blobs that nothing names. */
export async function deleteBlobs(
  transaction: Transaction,
  blobs: readonly Blob[],
  areOrphans: boolean,
): Promise<void> {
  if (blobs.length > 0) await transaction.run(removalSql.deleteBlobs, ...toArrays(blobs), areOrphans)
}

function toArrays(blobs: readonly Blob[]): readonly [Buffer, Buffer] {
  return [texts(blobs.map(({ tenant }) => tenant)), texts(blobs.map(({ hash }) => hash))]
}
