import type { TenantId } from '@meepo/core'
import { integers, texts } from '../database/arrays.ts'
import type { Database } from '../database/database.ts'
import type { Transaction } from '../database/transaction.ts'

/** Trees that one transaction looks at, so that retention never holds others up for long. */
const treesPerStep = 64

const forgetSql = {
  // runs primary key, a slice per call. A run whose parent is gone counts as a root.
  roots: `SELECT id FROM runs AS root
    WHERE id > $1 AND ended_at < $2 AND ($3::text IS NULL OR tenant = $3)
      AND (parent_run IS NULL OR NOT EXISTS (SELECT 1 FROM runs WHERE run_id = root.parent_run))
    ORDER BY id LIMIT $4`,
  // runs_parent
  trees: `WITH RECURSIVE tree (root, id, run_id) AS (
      SELECT id, id, run_id FROM runs WHERE id = ANY ($1::bigint[])
      UNION ALL SELECT tree.root, child.id, child.run_id FROM tree JOIN runs AS child ON child.parent_run = tree.run_id)
    SELECT root, id, run_id FROM tree`,
  // Whether they ended is looked at under the lock: one may be reopened in this moment.
  lock: `SELECT id, ended_at < $2 AS "isOld" FROM runs WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE`,
  // Each by the index that begins with the run.
  usedBlobs: `DELETE FROM blob_uses WHERE run = ANY ($1::bigint[]) RETURNING tenant, hash`,
  removals: [
    'DELETE FROM events WHERE run = ANY ($1::bigint[])',
    'DELETE FROM inbox WHERE run = ANY ($1::bigint[])',
    'DELETE FROM ledger WHERE run = ANY ($1::bigint[])',
    'DELETE FROM reservations WHERE run = ANY ($1::bigint[])',
    'DELETE FROM runs WHERE id = ANY ($1::bigint[])',
  ],
  // accounts_run, by the id of the run
  accounts: `DELETE FROM accounts WHERE key IN
    (SELECT key FROM accounts WHERE run = ANY ($1::text[]) ORDER BY key FOR UPDATE)`,
  // A blob that gets a use in this moment is locked by it; the next statement sees the use.
  lockBlobs: `SELECT b.tenant, b.hash FROM blobs AS b JOIN unnest($1::text[], $2::text[]) AS v (tenant, hash)
    USING (tenant, hash) ORDER BY b.tenant, b.hash FOR UPDATE OF b`,
  // blobs_put: blobs whose event never came, because the process ended in between.
  lockOrphans: `SELECT tenant, hash FROM blobs WHERE put_at < $1 AND ($2::text IS NULL OR tenant = $2)
    ORDER BY tenant, hash FOR UPDATE`,
  // blob_uses_blob. $3: also those that were put and whose event may still come.
  deleteBlobs: `DELETE FROM blobs AS b USING unnest($1::text[], $2::text[]) AS v (tenant, hash)
    WHERE b.tenant = v.tenant AND b.hash = v.hash AND (put_at IS NULL OR $3)
      AND NOT EXISTS (SELECT 1 FROM blob_uses AS u WHERE u.tenant = b.tenant AND u.hash = b.hash)`,
} as const

interface Member {
  readonly root: number
  readonly id: number
  readonly run_id: string
}

/** See `Log.forget`. */
export async function forget(database: Database, tenant: TenantId | null, endedBefore: number): Promise<number> {
  let removed = 0
  for (let after: number | undefined = 0; after !== undefined;) {
    const from: number = after
    const step = await database.command((transaction) => removeTrees(transaction, tenant, endedBefore, from))
    removed += step.runs
    after = step.after
  }
  await database.command(async (transaction) => {
    const orphans = await transaction.all<Blob>(forgetSql.lockOrphans, endedBefore, tenant)
    await deleteBlobs(transaction, orphans, true)
  })
  return removed
}

interface Blob {
  readonly tenant: string
  readonly hash: string
}

/** One step: how many runs went, and the key to go on behind unless it was the last. */
async function removeTrees(
  transaction: Transaction,
  tenant: TenantId | null,
  endedBefore: number,
  after: number,
): Promise<{ readonly runs: number; readonly after: number | undefined }> {
  const found = await transaction.all<{ id: number }>(forgetSql.roots, after, endedBefore, tenant, treesPerStep)
  const roots = found.map(({ id }) => id)
  const members = await transaction.all<Member>(forgetSql.trees, integers(roots))
  const ids = integers(members.map(({ id }) => id))
  const locked = await transaction.all<{ id: number; isOld: boolean | null }>(forgetSql.lock, ids, endedBefore)
  const old = new Set(locked.filter(({ isOld }) => isOld === true).map(({ id }) => id))
  const kept = new Set(members.filter(({ id }) => !old.has(id)).map(({ root }) => root))
  const gone = members.filter(({ root }) => !kept.has(root))
  if (gone.length > 0) await removeRuns(transaction, gone)
  return { runs: gone.length, after: roots.length === treesPerStep ? roots.at(-1) : undefined }
}

async function removeRuns(transaction: Transaction, gone: readonly Member[]): Promise<void> {
  const runs = integers(gone.map(({ id }) => id))
  const [used] = await Promise.all([
    transaction.all<Blob>(forgetSql.usedBlobs, runs),
    ...forgetSql.removals.map((text) => transaction.run(text, runs)),
    transaction.run(forgetSql.accounts, texts(gone.map(({ run_id }) => run_id))),
  ])
  if (used.length === 0) return
  const blobs = await transaction.all<Blob>(forgetSql.lockBlobs, ...toArrays(used))
  await deleteBlobs(transaction, blobs, false)
}

async function deleteBlobs(transaction: Transaction, blobs: readonly Blob[], areOrphans: boolean): Promise<void> {
  if (blobs.length > 0) await transaction.run(forgetSql.deleteBlobs, ...toArrays(blobs), areOrphans)
}

function toArrays(blobs: readonly Blob[]): readonly [Buffer, Buffer] {
  return [texts(blobs.map(({ tenant }) => tenant)), texts(blobs.map(({ hash }) => hash))]
}
