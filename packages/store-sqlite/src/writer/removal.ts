import type { RunId } from '@meepo/core'
import { integer, text, type Row } from '../row.ts'
import type { Desk } from './desk.ts'
import { forgetSql, pruneSql } from './sql.ts'

/** Removes the runs of whole trees. `keepsBooks`: lines of the ledger stay, as those of no run that is there. */
export function removeRuns(desk: Desk, runs: readonly Row[], keepsBooks: boolean): void {
  if (runs.length === 0) return
  const { db } = desk
  // Ids of events rise for ever, and followers must find out, in whatever process they are.
  db.prepare(forgetSql.raiseFloor).run()
  db.prepare(forgetSql.countRemoval).run()
  // What other parts of this transaction changed must be in the file before rows are removed by statements.
  desk.money.flush()
  for (const run of runs) removeRun(desk, integer(run, 'id'), text(run, 'run_id'), keepsBooks)
  desk.forgetAll()
  desk.money.drop()
}

function removeRun({ db }: Desk, key: number, runId: RunId, keepsBooks: boolean): void {
  const blobs = db.prepare(forgetSql.usedBlobs).all(key)
  const { deleteEvents, deleteMail, deleteLedger, deleteReservations, deleteBlobUses, deleteRun } = forgetSql
  const books = keepsBooks ? [pruneSql.detachLines] : [deleteLedger, deleteReservations]
  for (const statement of [deleteEvents, deleteMail, ...books, deleteBlobUses, deleteRun])
    db.prepare(statement).run(key)
  db.prepare(forgetSql.deleteAccounts).run(runId)
  for (const blob of blobs) db.prepare(forgetSql.deleteUnusedBlob).run(integer(blob, 'blob'))
}

/** Lets a run that takes the id of a removed one write lines of its own: calls are named after the run. */
export function renamePastLines({ db, money }: Desk, runId: RunId): void {
  money.flush()
  // The range of everything that begins with the id and a slash.
  for (const line of db.prepare(pruneSql.pastLines).all(`${runId}/`, `${runId}0`)) {
    const call = text(line, 'call')
    const renamed = `${call}~${integer(line, 'id')}`
    db.prepare(pruneSql.renameAdjusted).run(renamed, call, integer(line, 'tenant'))
    db.prepare(pruneSql.renameLine).run(renamed, integer(line, 'id'))
  }
}
