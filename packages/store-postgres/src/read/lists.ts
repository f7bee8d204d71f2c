import type { RunId, RunStatus } from '@meepo/core'
import { texts } from '../database/arrays.ts'
import type { Value } from '../database/statement.ts'

/** Which runs to list. `before`: the key of the run behind which it goes on. */
export interface ListQuery {
  readonly tenant: string | null
  readonly definition: string | undefined
  readonly statuses: readonly RunStatus[] | undefined
  readonly parent: RunId | undefined
  readonly before: number
  readonly count: number
}

/** A statement with its values. */
export interface List {
  readonly text: string
  readonly values: readonly Value[]
}

/** Before the newest. */
export const beforeNone: number = Number.MAX_SAFE_INTEGER

const allStatuses: readonly RunStatus[] = ['queued', 'running', 'waiting', 'completed', 'failed', 'cancelled']

/** Newest first, by runs primary key. */
const everything = 'SELECT * FROM runs WHERE id < $1 ORDER BY id DESC LIMIT $2'

/** runs_parent. The other conditions are looked at row by row: of the children of one run. */
const children = `SELECT * FROM runs WHERE parent_run = $3 AND id < $1 AND ($4::text IS NULL OR tenant = $4)
  AND ($5::text IS NULL OR definition = $5) AND ($6::text[] IS NULL OR status = ANY ($6::text[])) ORDER BY id DESC LIMIT $2`

/**
 * The range of one index per status, merged: runs_status, runs_tenant, runs_definition or runs_tenant_definition. However
 * rare the status, the tenant or the definition is, no run is read that is not in the list of its status. Asked for a range
 * of statuses and in its order, as no other index gives: a planner that takes a status for common would rather read all runs.
 */
function listSql(hasTenant: boolean, hasDefinition: boolean, statuses: number): string {
  const names = [...(hasTenant ? ['tenant'] : []), ...(hasDefinition ? ['definition'] : [])]
  const conditions = names.map((name, index) => `${name} = $${3 + index} AND `).join('')
  const arms = Array.from(
    { length: statuses },
    (_, index) =>
      `(SELECT * FROM runs WHERE ${conditions}${inStatus(`$${3 + names.length + index}`)} ORDER BY status DESC, id DESC LIMIT $2)`,
  )
  return `SELECT * FROM (${arms.join(' UNION ALL ')}) AS r ORDER BY id DESC LIMIT $2`
}

/** The same as `status = ? AND id < $1`. */
function inStatus(status: string): string {
  return `status >= ${status} AND (status, id) < (${status}, $1)`
}

/** How the runs are read, or undefined where there can be none. */
export function listOf({ tenant, definition, statuses, parent, before, count }: ListQuery): List | undefined {
  if (parent !== undefined) {
    const wanted = statuses === undefined ? null : texts(statuses)
    return { text: children, values: [before, count, parent, tenant, definition ?? null, wanted] }
  }
  if (tenant === null && definition === undefined && statuses === undefined) {
    return { text: everything, values: [before, count] }
  }
  const each = [...new Set(statuses ?? allStatuses)]
  if (each.length === 0) return undefined
  const text = listSql(tenant !== null, definition !== undefined, each.length)
  return {
    text,
    values: [
      before,
      count,
      ...(tenant === null ? [] : [tenant]),
      ...(definition === undefined ? [] : [definition]),
      ...each,
    ],
  }
}

/** All statements of this file by name, for whoever looks at their plans. */
export const listStatements: Readonly<Record<string, string>> = {
  everything,
  children,
  byStatus: listSql(false, false, 2),
  byTenant: listSql(true, false, allStatuses.length),
  byDefinition: listSql(false, true, allStatuses.length),
  byTenantAndDefinition: listSql(true, true, 2),
}
