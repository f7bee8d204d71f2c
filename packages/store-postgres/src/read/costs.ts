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

const columns = [
  'pico',
  'saved',
  'calls',
  'unpriced',
  'unknown',
  'input',
  'cache_read',
  'cache_write',
  'output',
  'reasoning',
]
const sums = columns.map((name) => `sum(${name}) AS ${name}`).join(', ')

/** The dearest first. $1 and $2 are the first and the last day, $3 the most rows. */
function sumsBy(group: string, scopes: string): string {
  return `SELECT ${group} AS name, ${sums}
    FROM roll_ups WHERE ${scopes} AND day >= $1 AND day <= $2 GROUP BY 1 ORDER BY sum(pico) DESC, 1 LIMIT $3`
}
const oneScope = 'scope = $4'
const scopesAlike = 'scope >= $4 AND scope < $5'

/** $1 is the kind of scopes, $2 the most rows, $3 the tenant. In the order of totals_dearest. */
const dearestOfTenant = `SELECT scope AS name, ${columns.join(', ')} FROM totals
  WHERE tenant = $3 AND kind = $1 ORDER BY pico DESC, scope LIMIT $2`

/**
 * The same of all tenants. A name that one tenant uses is among its dearest or not among those of all; the others are few, and
 * added up (totals_shared). Everything else is summed up for the dearest alone (totals primary key).
 */
const dearest = `WITH found AS (
    SELECT d.* FROM (SELECT tenant FROM totals WHERE scope = '') AS t CROSS JOIN LATERAL (
      SELECT o.scope, o.pico FROM totals AS o WHERE o.tenant = t.tenant AND o.kind = $1 AND NOT o.is_shared
      ORDER BY o.pico DESC, o.scope LIMIT $2) AS d
    UNION ALL
    SELECT o.scope, sum(o.pico) FROM totals AS o WHERE o.is_shared AND o.scope >= $1 || ':' AND o.scope < $1 || ';'
    GROUP BY o.scope),
  dearest AS (SELECT scope FROM found ORDER BY pico DESC, scope LIMIT $2)
  SELECT scope AS name, ${sums} FROM dearest JOIN totals USING (scope) GROUP BY scope ORDER BY sum(pico) DESC, scope`

/**
 * What days were charged by roll_ups primary key, when it is one scope: by roll_ups_day for many, all roll-ups of these days are
 * looked at. What many scopes were charged in total by totals_dearest.
 */
export const costSql: Readonly<Record<'total' | 'day' | 'model' | 'scope' | 'scopeInDays', readonly [string, string]>> =
  {
    total: [sumsBy(`'total'`, oneScope), sumsBy(`'total'`, `${oneScope} AND tenant = $5`)],
    day: [sumsBy('day', oneScope), sumsBy('day', `${oneScope} AND tenant = $5`)],
    model: [sumsBy('model', oneScope), sumsBy('model', `${oneScope} AND tenant = $5`)],
    scope: [dearest, dearestOfTenant],
    scopeInDays: [sumsBy('scope', scopesAlike), sumsBy('scope', `${scopesAlike} AND tenant = $6`)],
  }

/** The first and the last day of all. roll_ups_day */
export const chargedDays = 'SELECT min(day) AS first, max(day) AS last FROM roll_ups WHERE day > $1'

/** See `Money.report`. From totals or roll-ups by one statement; only a query across two kinds of scopes reads the ledger. */
export async function report(
  database: Database,
  reader: Reader,
  scope: Scope,
  query: CostQuery,
): Promise<readonly CostRow[]> {
  const { by, since, until, limit = defaultReportRows } = query
  const plan = planReport(query)
  if (plan.kind === 'lines') return reportOf(await rollUpsOfLines(database, reader, scope, plan), query)
  const tenant = tenantOf(scope)
  const ask = (kind: keyof typeof costSql, ...values: readonly (string | number)[]): Promise<readonly SumRow[]> => {
    const [ofAll, ofTenant] = costSql[kind]
    return tenant === null ? database.all(ofAll, ...values) : database.all(ofTenant, ...values, tenant)
  }
  const sum = (kind: keyof typeof costSql, ...scopes: readonly string[]): Promise<readonly SumRow[]> =>
    ask(kind, since ?? firstDay, until ?? lastDay, limit, ...scopes)
  if (plan.kind === 'prefix') {
    // Read before the days: they only grow in number.
    const totals = await ask('scope', by, limit)
    const rows = (await isAllDays(database, query)) ? totals : await sum('scopeInDays', plan.prefix, `${by};`)
    return rows.map((row) => toRow(row.name.slice(plan.prefix.length), row))
  }
  if (by === 'day' || by === 'model') {
    return (await sum(by, plan.scope)).map((row) => toRow(row.name, row))
  }
  const rows = await sum('total', plan.scope)
  if (by === 'total' && rows.length === 0) return reportOf([], query)
  return rows.map((row) => toRow(by === 'total' ? by : plan.scope.slice(by.length + 1), row))
}

/** Whether nothing was ever charged on another day than those that a query asks for. */
async function isAllDays(database: Database, { since, until }: CostQuery): Promise<boolean> {
  if (since === undefined && until === undefined) return true
  const [days] = await database.all<{ first: string | null; last: string | null }>(chargedDays, firstDay)
  return (since ?? firstDay) <= (days?.first ?? lastDay) && (until ?? lastDay) >= (days?.last ?? firstDay)
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
