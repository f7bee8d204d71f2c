import type { CallEntry, LedgerEntry, LedgerFilter, Scope } from '@meepo/core'
import type { Adjusted } from '@meepo/core/store-rules'
import { integers } from '../database/arrays.ts'
import type { Database } from '../database/database.ts'
import { toAdjusted, type AdjustedRow } from '../money/lines.ts'
import { moneySql } from '../money/sql.ts'
import { tenantOf } from '../write/encode.ts'
import { rowsPerRead, type Reader } from './reader.ts'

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

/** In the order of booking: ledger primary key, ledger_tenant, ledger_run. */
function ledgerSql(condition: string): string {
  return `SELECT l.id, l.call, l.at, l.kind, l.adjusts, l.scopes, l.entry, l.tenant, r.run_id
    FROM ledger AS l LEFT JOIN runs AS r ON r.id = l.run
    WHERE l.id > $1 AND l.id <= $2 AND l.at >= $3 AND l.at <= $4 ${condition} ORDER BY l.id LIMIT $5`
}
const ofAll = ledgerSql('')
const ofTenant = ledgerSql('AND l.tenant = $6')
const ofRun = ledgerSql('AND l.run = $6')

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
  const horizon = await reader.settledHorizon()
  const lines: CursorLine[] = []
  let after = filter.after ?? 0
  for (;;) {
    const count = Math.min(rowsPerRead, limit - lines.length)
    const common = [after, horizon, since, until, count] as const
    const rows = await read(database, common, run, tenant)
    for (const row of rows) lines.push(toLine(row))
    after = lines.at(-1)?.cursor ?? after
    if (rows.length < count || lines.length >= limit) return lines
  }
}

function read(
  database: Database,
  common: readonly [number, number, number, number, number],
  run: number | undefined,
  tenant: string | null,
): Promise<readonly LineRow[]> {
  if (run !== undefined) return database.all(ofRun, ...common, run)
  return tenant === null ? database.all(ofAll, ...common) : database.all(ofTenant, ...common, tenant)
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
