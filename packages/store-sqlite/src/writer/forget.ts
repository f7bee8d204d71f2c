import type { TenantId } from '@meepo/core'
import { integer, optionalNumber, type Row } from '../row.ts'
import type { Desk } from './desk.ts'
import { removeRuns } from './removal.ts'
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
  const gone: Row[] = []
  for (const root of roots) {
    const members = tree.all(integer(root, 'id'))
    if (members.every((member) => endedEarlier(member, endedBefore))) gone.push(...members)
  }
  removeRuns(desk, gone, false)
  const last = roots.at(-1)
  if (last && roots.length === treesPerStep) return { runs: gone.length, afterKey: integer(last, 'id') }
  db.prepare(forgetSql.deleteOrphans).run(endedBefore, tenant)
  db.prepare(forgetSql.deleteOldPuts).run()
  return { runs: gone.length, afterKey: null }
}

function endedEarlier(member: Row, endedBefore: number): boolean {
  const endedAt = optionalNumber(member, 'ended_at')
  return endedAt !== undefined && endedAt < endedBefore
}
