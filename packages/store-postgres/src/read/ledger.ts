import type { CallEntry, LedgerEntry, LedgerFilter, Scope } from '@meepo/core'
import type { Adjusted } from '@meepo/core/store-rules'
import { integers } from '../database/arrays.ts'
import type { Database } from '../database/database.ts'
import { toAdjusted, type AdjustedRow } from '../money/lines.ts'
import { moneySql } from '../money/sql.ts'
import { tenantOf } from '../write/encode.ts'
import { rowsPerRead, rowsPerWindow, type Reader, type WindowRow } from './reader.ts'

/** A line with its cursor. */
export type CursorLine = LedgerEntry & { readonly cursor: number }

interface LineRow {
  readonly id: number
  readonly call: string
  readonly at: number
  readonly kind: LedgerEntry['kind']
  readonly adjusts: string | null
  readonly scopes: string
  readonly entry: string
  readonly tenant: string
  readonly run_id: string | null
}

/**
 * Behind $1 and up to $2 in the order of booking: ledger primary key, ledger_tenant, ledger_run. Lines of a tenant are a range
 * of tenants too, in its order, as no other index gives: a planner that takes a tenant for common would rather read all lines.
 */
const ranges = {
  ofAll: (): string => 'id > $1 AND id <= $2 ORDER BY id',
  ofTenant: (tenant: string): string =>
    `(tenant, id) > (${tenant}, $1) AND (tenant, id) <= (${tenant}, $2) ORDER BY tenant, id`,
  ofRun: (run: string): string => `run = ${run} AND id > $1 AND id <= $2 ORDER BY id`,
} as const

function linesSql(whose: keyof typeof ranges): string {
  return `SELECT l.id, l.call, l.at, l.kind, l.adjusts, l.scopes, l.entry, l.tenant, r.run_id
    FROM (SELECT * FROM ledger WHERE at >= $3 AND at <= $4 AND ${ranges[whose]('$6')} LIMIT $5) AS l
      LEFT JOIN runs AS r ON r.id = l.run ORDER BY l.id`
}

/** How far the next lines reach, of which few may be of a time. */
function windowSql(whose: keyof typeof ranges): string {
  return `SELECT count(*) AS count, max(id) AS last FROM (SELECT id FROM ledger WHERE ${ranges[whose]('$4')} LIMIT $3) AS l`
}

/** The statements that read the ledger. */
export const ledgerSql: Readonly<
  Record<'ofAll' | 'ofTenant' | 'ofRun' | 'windowOfAll' | 'windowOfTenant' | 'windowOfRun', string>
> = {
  ofAll: linesSql('ofAll'),
  ofTenant: linesSql('ofTenant'),
  ofRun: linesSql('ofRun'),
  windowOfAll: windowSql('ofAll'),
  windowOfTenant: windowSql('ofTenant'),
  windowOfRun: windowSql('ofRun'),
}

/** See `Money.ledger`. No line that is booked while this reads is skipped by going on behind the last one. */
export async function readLedger(
  database: Database,
  reader: Reader,
  scope: Scope,
  filter: LedgerFilter,
): Promise<readonly CursorLine[]> {
  const { runId, since = -1e300, until = 1e300, limit = 1_000 } = filter
  const run = runId === undefined ? undefined : (await reader.findRun(scope, runId)).id
  const tenant = tenantOf(scope)
  const whose =
    run !== undefined ? (['Run', run] as const) : tenant !== null ? (['Tenant', tenant] as const) : (['All'] as const)
  const horizon = await reader.settledHorizon()
  const isOfTime = filter.since !== undefined || filter.until !== undefined
  const lines: CursorLine[] = []
  for (let after = filter.after ?? 0; ;) {
    const window = isOfTime ? await findWindow(database, whose, after, horizon) : undefined
    const last = window?.last ?? horizon
    const count = Math.min(rowsPerRead, limit - lines.length)
    const rows = await readLines(database, whose, [after, last, since, until, count])
    for (const row of rows) lines.push(toLine(row))
    if (lines.length >= limit) return lines
    if (rows.length === count) after = lines.at(-1)?.cursor ?? last
    else if (window) after = window.last
    else return lines
  }
}

/** Whose lines are read. */
type Whose = readonly ['All'] | readonly ['Tenant', string] | readonly ['Run', number]

function readLines(
  database: Database,
  [whose, ...name]: Whose,
  common: readonly [number, number, number, number, number],
): Promise<readonly LineRow[]> {
  return database.all(ledgerSql[`of${whose}`], ...common, ...name)
}

/** How far the next lines reach that are looked at together; nothing for the last of them. */
async function findWindow(
  database: Database,
  [whose, ...name]: Whose,
  after: number,
  horizon: number,
): Promise<{ readonly last: number } | undefined> {
  const [found] = await database.all<WindowRow>(ledgerSql[`windowOf${whose}`], after, horizon, rowsPerWindow, ...name)
  return found?.count === rowsPerWindow && found.last !== null ? { last: found.last } : undefined
}

/** What corrections are added to, each as it was just before it, by the cursor of the correction. */
export async function findAdjusted(
  database: Database,
  lines: readonly CursorLine[],
): Promise<ReadonlyMap<number, Adjusted>> {
  const corrections = new Map(lines.filter(({ adjusts }) => adjusts !== undefined).map((line) => [line.cursor, line]))
  if (corrections.size === 0) return new Map()
  const rows = await database.all<AdjustedRow>(moneySql.adjusted, integers([...corrections.keys()]))
  return new Map(
    rows.flatMap((row) => {
      const { adjusts, tenant } = corrections.get(row.adjustment) ?? {}
      return adjusts !== undefined && tenant !== undefined
        ? [[row.adjustment, toAdjusted(adjusts, tenant, row)] as const]
        : []
    }),
  )
}

function toLine({
  id: cursor,
  call: id,
  at,
  kind,
  adjusts,
  scopes,
  entry,
  tenant,
  run_id: runId,
}: LineRow): CursorLine {
  return {
    cursor,
    id,
    at,
    ...(runId === null ? {} : { runId }),
    tenant,
    // JSON that this package wrote from these types.
    scopes: JSON.parse(scopes) as readonly string[],
    kind,
    ...(adjusts === null ? {} : { adjusts }),
    entry: JSON.parse(entry) as CallEntry,
  }
}
