import type { CostQuery, CostRow, Scope } from '@meepo/core'
import {
  chargeOf,
  defaultReportRows,
  planReport,
  reportOf,
  rollUpsOfLine,
  toCostRow,
  type ReportPlan,
  type RollUp,
} from '@meepo/core/store-rules'
import type { Database } from '../database/database.ts'
import { tenantOf } from '../write/encode.ts'
import { findAdjusted, readLedger } from './ledger.ts'
import type { Reader } from './reader.ts'

/** Bounds that every day is between. */
const firstDay = '0000'
const lastDay = '9999-99-99'

interface SumRow {
  readonly name: string
  readonly pico: string
  readonly saved: string
  readonly calls: string
  readonly unpriced: string
  readonly unknown: string
  readonly input: string
  readonly cache_read: string
  readonly cache_write: string
  readonly output: string
  readonly reasoning: string
}

/** The dearest first. $1 and $2 are the first and the last day, $3 the most rows. */
function sumsBy(group: string, scopes: string): string {
  return `SELECT ${group} AS name, sum(pico) AS pico, sum(saved) AS saved, sum(calls) AS calls,
      sum(unpriced) AS unpriced, sum(unknown) AS unknown, sum(input) AS input, sum(cache_read) AS cache_read,
      sum(cache_write) AS cache_write, sum(output) AS output, sum(reasoning) AS reasoning
    FROM roll_ups WHERE ${scopes} AND day >= $1 AND day <= $2 GROUP BY 1 ORDER BY sum(pico) DESC, 1 LIMIT $3`
}
const oneScope = 'scope = $4'
const scopesAlike = 'scope >= $4 AND scope < $5'

/** Roll-ups by roll_ups primary key: of one scope, or of a range of scopes. That of one tenant by roll_ups_tenant. */
export const costSql: Readonly<Record<'total' | 'day' | 'model' | 'scope', readonly [string, string]>> = {
  total: [sumsBy(`'total'`, oneScope), sumsBy(`'total'`, `${oneScope} AND tenant = $5`)],
  day: [sumsBy('day', oneScope), sumsBy('day', `${oneScope} AND tenant = $5`)],
  model: [sumsBy('model', oneScope), sumsBy('model', `${oneScope} AND tenant = $5`)],
  scope: [sumsBy('scope', scopesAlike), sumsBy('scope', `${scopesAlike} AND tenant = $6`)],
}

/** See `Money.report`. From roll-ups by one statement; only a query across two kinds of scopes reads the ledger. */
export async function report(
  database: Database,
  reader: Reader,
  scope: Scope,
  query: CostQuery,
): Promise<readonly CostRow[]> {
  const { by, since = firstDay, until = lastDay, limit = defaultReportRows } = query
  const plan = planReport(query)
  if (plan.kind === 'lines') return reportOf(await rollUpsOfLines(database, reader, scope, plan), query)
  const tenant = tenantOf(scope)
  const sum = (kind: keyof typeof costSql, ...scopes: readonly string[]): Promise<readonly SumRow[]> => {
    const [ofAll, ofTenant] = costSql[kind]
    const common = [since, until, limit, ...scopes] as const
    return tenant === null ? database.all(ofAll, ...common) : database.all(ofTenant, ...common, tenant)
  }
  if (plan.kind === 'prefix') {
    const rows = await sum('scope', plan.prefix, `${by};`)
    return rows.map((row) => toRow(row.name.slice(plan.prefix.length), row))
  }
  if (by === 'day' || by === 'model') {
    return (await sum(by, plan.scope)).map((row) => toRow(row.name, row))
  }
  const rows = await sum('total', plan.scope)
  if (by === 'total' && rows.length === 0) return reportOf([], query)
  return rows.map((row) => toRow(by === 'total' ? by : plan.scope.slice(by.length + 1), row))
}

async function rollUpsOfLines(
  database: Database,
  reader: Reader,
  scope: Scope,
  { scope: charged, prefix }: Extract<ReportPlan, { kind: 'lines' }>,
): Promise<readonly RollUp[]> {
  const found: RollUp[] = []
  for (let after = 0; ;) {
    const lines = await readLedger(database, reader, scope, { after })
    const adjusted = await findAdjusted(database, lines)
    for (const line of lines) found.push(...rollUpsOfLine(chargeOf(line, adjusted.get(line.cursor)), charged, prefix))
    const last = lines.at(-1)
    if (!last) return found
    after = last.cursor
  }
}

function toRow(key: string, row: SumRow): CostRow {
  return toCostRow(key, {
    picoDollars: BigInt(row.pico),
    savedPicoDollars: BigInt(row.saved),
    calls: Number(row.calls),
    unpricedCalls: Number(row.unpriced),
    unknownCalls: Number(row.unknown),
    inputTokens: Number(row.input),
    cacheReadTokens: Number(row.cache_read),
    cacheWriteTokens: Number(row.cache_write),
    outputTokens: Number(row.output),
    reasoningTokens: Number(row.reasoning),
  })
}
