import type { TenantId } from '@meepo/core'
import type { Database } from '../database/database.ts'
import type { Transaction } from '../database/transaction.ts'
import type { WindowRow } from '../read/reader.ts'
import { deleteBlobs, findTrees, lockRuns, removeRuns, type Blob, type OnRemoved } from './removal.ts'

/** Trees that one transaction removes, and runs that it looks at: retention never holds others up for long. */
const treesPerStep = 64
const runsPerStep = 2_000

/** The statements of retention by time. */
export const forgetSql = {
  // runs primary key, a slice per call. A run whose parent is gone counts as a root.
  roots: `SELECT id FROM runs AS root
    WHERE id > $1 AND id <= $2 AND ended_at < $3 AND ($4::text IS NULL OR tenant = $4)
      AND (parent_run IS NULL OR (SELECT parent.id FROM runs AS parent WHERE parent.run_id = root.parent_run) IS NULL)
    ORDER BY id LIMIT $5`,
  // runs primary key alone
  window: `SELECT count(*) AS count, max(id) AS last FROM (SELECT id FROM runs WHERE id > $1 ORDER BY id LIMIT $2) AS r`,
  // blobs_put: blobs whose event never came, because the process ended in between.
  lockOrphans: `SELECT tenant, hash FROM blobs WHERE put_at < $1 AND ($2::text IS NULL OR tenant = $2)
    ORDER BY tenant || '', hash FOR UPDATE`,
} as const

/** See `Log.forget`. */
export async function forget(
  database: Database,
  onRemoved: OnRemoved,
  tenant: TenantId | null,
  endedBefore: number,
): Promise<number> {
  let removed = 0
  for (let after: number | undefined = 0; after !== undefined;) {
    const from: number = after
    const step = await database.command((transaction) => removeTrees(transaction, tenant, endedBefore, from))
    onRemoved(step.gone)
    removed += step.gone.length
    after = step.after
  }
  await database.command(async (transaction) => {
    const orphans = await transaction.all<Blob>(forgetSql.lockOrphans, endedBefore, tenant)
    await deleteBlobs(transaction, orphans, true)
  })
  return removed
}

/** One step: which runs went, and the key to go on behind unless it was the last. */
async function removeTrees(
  transaction: Transaction,
  tenant: TenantId | null,
  endedBefore: number,
  after: number,
): Promise<{ readonly gone: readonly number[]; readonly after: number | undefined }> {
  const [window] = await transaction.all<WindowRow>(forgetSql.window, after, runsPerStep)
  const last = window?.last ?? after
  const found = await transaction.all<{ id: number }>(forgetSql.roots, after, last, endedBefore, tenant, treesPerStep)
  const roots = found.map(({ id }) => id)
  const trees = [...(await findTrees(transaction, roots)).values()]
  const locked = await lockRuns(transaction, trees.flat())
  const isOld = (run: number): boolean => (locked.get(run)?.endedAt ?? Infinity) < endedBefore
  const gone = trees.filter((tree) => tree.every(({ id }) => isOld(id))).flat()
  await removeRuns(transaction, gone, false)
  const isEnd = roots.length < treesPerStep && window?.count !== runsPerStep
  const reached = roots.length === treesPerStep ? roots.at(-1) : last
  return { gone: gone.map(({ id }) => id), after: isEnd ? undefined : reached }
}
