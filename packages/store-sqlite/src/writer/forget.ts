import type { RunId, TenantId } from '@meepo/core'
import { integer, optionalNumber, text, type Row } from '../row.ts'
import type { Desk } from './desk.ts'
import { forgetSql } from './sql.ts'

/** Trees that one transaction looks at, so that retention never holds other writers up for long. */
const treesPerStep = 64

/** One step of retention: how many runs went, and the key to go on behind, or null at the end. */
export interface Forgotten {
  readonly runs: number
  readonly afterKey: number | null
}

/** See `Log.forget`. The caller repeats it until `afterKey` is null. */
export function forget(desk: Desk, tenant: TenantId | null, endedBefore: number, afterKey: number): Forgotten {
  const { db } = desk
  const roots = db.prepare(forgetSql.roots).all(afterKey, endedBefore, tenant, treesPerStep)
  const tree = db.prepare(forgetSql.tree)
  let removed = 0
  for (const root of roots) {
    const members = tree.all(integer(root, 'id'))
    if (!members.every((member) => endedEarlier(member, endedBefore))) continue
    if (removed === 0) db.prepare(forgetSql.raiseFloor).run()
    // What other parts of this transaction changed must be in the file before rows are removed by statements.
    desk.money.flush()
    for (const member of members) removeRun(desk, integer(member, 'id'), text(member, 'run_id'))
    removed += members.length
  }
  if (removed > 0) {
    desk.forgetAll()
    desk.money.drop()
  }
  const last = roots.at(-1)
  if (last && roots.length === treesPerStep) return { runs: removed, afterKey: integer(last, 'id') }
  db.prepare(forgetSql.deleteOrphans).run(endedBefore, tenant)
  db.prepare(forgetSql.deleteOldPuts).run()
  return { runs: removed, afterKey: null }
}

function endedEarlier(member: Row, endedBefore: number): boolean {
  const endedAt = optionalNumber(member, 'ended_at')
  return endedAt !== undefined && endedAt < endedBefore
}

function removeRun({ db }: Desk, key: number, runId: RunId): void {
  const blobs = db.prepare(forgetSql.usedBlobs).all(key)
  const { deleteEvents, deleteMail, deleteLedger, deleteReservations, deleteBlobUses, deleteRun } = forgetSql
  for (const statement of [deleteEvents, deleteMail, deleteLedger, deleteReservations, deleteBlobUses, deleteRun]) {
    db.prepare(statement).run(key)
  }
  db.prepare(forgetSql.deleteAccounts).run(runId)
  for (const blob of blobs) db.prepare(forgetSql.deleteUnusedBlob).run(integer(blob, 'blob'))
}
