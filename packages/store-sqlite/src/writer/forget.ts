import type { TenantId } from '@meepo/core'
import { integer, optionalNumber, row, type Row } from '../row.ts'
import type { Desk } from './desk.ts'
import { removeRuns } from './removal.ts'
import { forgetSql } from './sql.ts'

/** Trees that one transaction removes, and runs that it looks at: retention never holds other writers up for long. */
const treesPerStep = 64
const runsPerStep = 2_000

/** One step of retention: how many runs went, and the key to go on behind, or null at the end. */
export interface Forgotten {
  readonly runs: number
  readonly afterKey: number | null
}

/** See `Log.forget`. The caller repeats it until `afterKey` is null. */
export function forget(desk: Desk, tenant: TenantId | null, endedBefore: number, afterKey: number): Forgotten {
  const { db } = desk
  const window = row(db.prepare(forgetSql.rootsWindow).get(afterKey, runsPerStep))
  const lastKey = integer(window, 'last')
  const roots = db.prepare(forgetSql.roots).all(afterKey, endedBefore, tenant, treesPerStep, lastKey)
  const tree = db.prepare(forgetSql.tree)
  const gone: Row[] = []
  for (const root of roots) {
    const members = tree.all(integer(root, 'id'))
    if (members.every((member) => endedEarlier(member, endedBefore))) gone.push(...members)
  }
  removeRuns(desk, gone, false)
  const last = roots.at(-1)
  if (last && roots.length === treesPerStep) return { runs: gone.length, afterKey: integer(last, 'id') }
  if (integer(window, 'count') === runsPerStep) return { runs: gone.length, afterKey: lastKey }
  db.prepare(forgetSql.deleteOrphans).run(endedBefore, tenant)
  db.prepare(forgetSql.deleteOldPuts).run()
  return { runs: gone.length, afterKey: null }
}

function endedEarlier(member: Row, endedBefore: number): boolean {
  const endedAt = optionalNumber(member, 'ended_at')
  return endedAt !== undefined && endedAt < endedBefore
}
