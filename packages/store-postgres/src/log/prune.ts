import type { PruneOptions, RunStatus, TenantId } from '@meepo/core'
import { integers, texts } from '../database/arrays.ts'
import type { Database } from '../database/database.ts'
import type { Transaction } from '../database/transaction.ts'
import { findTrees, lockRuns, removeRuns, type Member, type OnRemoved } from './removal.ts'

/** Trees that one transaction looks at, and runs after which it takes no more: retention never holds others up for long. */
const treesPerStep = 64
const runsPerStep = 512

/** The statements of retention by definition. */
export const pruneSql = {
  // runs_ended, a range of it per status, each in its order: what is not removed is passed over once per call.
  roots: `SELECT found.id, found.ended_at AS "endedAt" FROM unnest($2::text[]) AS v (status), LATERAL (
      SELECT id, ended_at FROM runs
      WHERE ended_at IS NOT NULL AND parent_run IS NULL AND definition = $1 AND status = v.status
        AND (ended_at, id) > ($3, $4) AND ended_at < $5 AND ($6::text IS NULL OR tenant = $6)
      ORDER BY ended_at, id LIMIT $7) AS found
    ORDER BY found.ended_at, found.id LIMIT $7`,
  // runs unique run_id
  rootsAmong: `SELECT id, ended_at AS "endedAt" FROM runs
    WHERE run_id = ANY ($8::text[]) AND ended_at IS NOT NULL AND parent_run IS NULL AND definition = $1
      AND status = ANY ($2::text[]) AND (ended_at, id) > ($3, $4) AND ended_at < $5 AND ($6::text IS NULL OR tenant = $6)
    ORDER BY ended_at, id LIMIT $7`,
  // reservations_run. What is set aside for them will be booked one day.
  open: 'SELECT DISTINCT run FROM reservations WHERE run = ANY ($1::bigint[])',
} as const

interface Root {
  readonly id: number
  readonly endedAt: number
}

/** What a step did, and the root to go on behind unless it was the last. */
interface Step {
  readonly gone: readonly number[]
  readonly trees: number
  readonly after: Root | undefined
}

/** See `Log.prune`. */
export async function prune(
  database: Database,
  onRemoved: OnRemoved,
  tenant: TenantId | null,
  options: PruneOptions,
): Promise<number> {
  let left = options.limit
  let removed = 0
  for (let after: Root | undefined = { endedAt: -1e300, id: 0 }; after !== undefined && left > 0;) {
    const [from, limit]: readonly [Root, number] = [after, Math.min(left, treesPerStep)]
    const step: Step = await database.command((transaction) => takeStep(transaction, tenant, options, from, limit))
    onRemoved(step.gone)
    removed += step.gone.length
    left -= step.trees
    after = step.after
  }
  return removed
}

async function takeStep(
  transaction: Transaction,
  tenant: TenantId | null,
  { definition, statuses, endedBefore, runs }: PruneOptions,
  after: Root,
  limit: number,
): Promise<Step> {
  const wanted: ReadonlySet<RunStatus> = new Set(statuses)
  const place = [after.endedAt, after.id, endedBefore, tenant, limit] as const
  const asked = [definition, texts([...wanted]), ...place] as const
  const roots = runs
    ? await transaction.all<Root>(pruneSql.rootsAmong, ...asked, texts(runs))
    : await transaction.all<Root>(pruneSql.roots, ...asked)
  const trees = firstOf(
    await findTrees(
      transaction,
      roots.map(({ id }) => id),
    ),
    roots,
  )
  const members = [...trees.values()].flat()
  const locked = await lockRuns(transaction, members)
  const open = await findOpen(transaction, members)
  const isWanted = (root: number): boolean => {
    const run = locked.get(root)
    return run !== undefined && wanted.has(run.status) && run.endedAt !== null && run.endedAt < endedBefore
  }
  const hasEnded = ({ id }: Member): boolean => (locked.get(id)?.endedAt ?? null) !== null && !open.has(id)
  const removable = [...trees].filter(([root, tree]) => isWanted(root) && tree.every(hasEnded))
  const gone = removable.flatMap(([, tree]) => tree)
  await removeRuns(transaction, gone, true)
  const isLast = trees.size === roots.length && roots.length < limit
  return {
    gone: gone.map(({ id }) => id),
    trees: removable.length,
    after: isLast ? undefined : roots[trees.size - 1],
  }
}

/** The trees of the first roots, until they are many runs. */
function firstOf(
  trees: ReadonlyMap<number, readonly Member[]>,
  roots: readonly Root[],
): ReadonlyMap<number, readonly Member[]> {
  const first = new Map<number, readonly Member[]>()
  let runs = 0
  for (const { id } of roots) {
    if (runs >= runsPerStep) break
    const tree = trees.get(id) ?? []
    first.set(id, tree)
    runs += tree.length
  }
  return first
}

async function findOpen(transaction: Transaction, members: readonly Member[]): Promise<ReadonlySet<number>> {
  if (members.length === 0) return new Set()
  const rows = await transaction.all<{ run: number }>(pruneSql.open, integers(members.map(({ id }) => id)))
  return new Set(rows.map(({ run }) => run))
}
