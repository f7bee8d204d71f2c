import type { TenantId } from '@meepo/core'
import type { PrunePlace, PruneStep } from '../protocol.ts'
import { integer, optionalNumber, text, type Row } from '../row.ts'
import type { Desk } from './desk.ts'
import { removeRuns } from './removal.ts'
import { forgetSql, pruneSql } from './sql.ts'

/** Trees that one transaction looks at, and runs after which it ends: retention never holds other writers up for long. */
const treesPerStep = 64
const runsPerStep = 512

/** What a step did, and where to go on; null at the end. */
export interface Pruned {
  readonly runs: number
  readonly trees: number
  readonly next: PrunePlace | null
}

/** See `Log.prune`. The caller repeats it until `next` is null or enough trees went. */
export function prune(desk: Desk, tenant: TenantId | null, step: PruneStep): Pruned {
  const { definition, status, endedBefore, after, limit } = step
  const count = Math.min(limit, treesPerStep)
  const asked = [definition, status, after.endedAt, after.key, endedBefore, tenant, count] as const
  const roots = step.runs
    ? desk.db.prepare(pruneSql.rootsAmong).all(...asked, JSON.stringify(step.runs))
    : desk.db.prepare(pruneSql.roots).all(...asked)
  const open = runsWithOpenCalls(desk)
  const gone: Row[] = []
  let trees = 0
  let next: PrunePlace | null = null
  for (const root of roots) {
    next = { endedAt: integer(root, 'ended_at'), key: integer(root, 'id') }
    const members = desk.db.prepare(forgetSql.tree).all(next.key)
    if (!members.every((member) => hasEnded(member) && !open.has(text(member, 'run_id')))) continue
    gone.push(...members)
    trees++
    if (gone.length >= runsPerStep) break
  }
  removeRuns(desk, gone, true)
  const isEnd = roots.length < count && next?.key === lastKey(roots)
  return { runs: gone.length, trees, next: isEnd ? null : next }
}

function hasEnded(member: Row): boolean {
  return optionalNumber(member, 'ended_at') !== undefined
}

function lastKey(roots: readonly Row[]): number | undefined {
  const last = roots.at(-1)
  return last && integer(last, 'id')
}

/** What is set aside for them will be booked one day. */
function runsWithOpenCalls(desk: Desk): ReadonlySet<string> {
  desk.money.flush()
  return new Set(
    desk.db
      .prepare(pruneSql.runsWithOpenCalls)
      .all()
      .map((found) => text(found, 'run_id')),
  )
}
