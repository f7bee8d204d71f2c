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
import { tenantOf } from '../client/encode.ts'
import { integer, optionalText, text, type Row } from '../row.ts'
import { findAdjusted, readLedger } from './ledger.ts'
import { rowsPerTurn, type Reader } from './reader.ts'

/** Bounds that every day is between. */
const firstDay = '0000'
const lastDay = '9999-99-99'
const picoPerDollar = 1_000_000_000_000n

/** See `Money.report`. From totals or roll-ups by one statement; only a query across two kinds of scopes reads the ledger. */
export async function report(reader: Reader, scope: Scope, query: CostQuery): Promise<readonly CostRow[]> {
  const { by, since, until, limit = defaultReportRows } = query
  const plan = planReport(query)
  if (plan.kind === 'lines') return reportOf(await rollUpsOfLines(reader, scope, plan), query)
  const tenant = tenantOf(scope)
  const common = [tenant, since ?? firstDay, until ?? lastDay, limit] as const
  if (plan.kind === 'prefix') {
    // Read before the days: they only grow in number.
    const totals =
      tenant === null ? reader.all('costsByScope', by, limit) : reader.all('costsByScopeOfTenant', by, limit, tenant)
    const inDays = tenant === null ? 'costsByScopeInDays' : 'costsByScopeInDaysOfTenant'
    const rows = isAllDays(reader, query) ? totals : reader.all(inDays, by, ...common)
    return rows.map((found) => toRow(text(found, 'name').slice(plan.prefix.length), found))
  }
  if (by === 'day' || by === 'model') {
    const rows = reader.all(by === 'day' ? 'costsByDay' : 'costsByModel', plan.scope, ...common)
    return rows.map((found) => toRow(text(found, 'name'), found))
  }
  const rows = reader.all('costsInTotal', plan.scope, ...common)
  if (by === 'total' && rows.length === 0) return reportOf([], query)
  return rows.map((found) => toRow(by === 'total' ? by : plan.scope.slice(by.length + 1), found))
}

/** Whether nothing was ever charged on another day than those that a query asks for. */
function isAllDays(reader: Reader, { since, until }: CostQuery): boolean {
  if (since === undefined && until === undefined) return true
  const [days] = reader.all('chargedDays')
  const first = days && optionalText(days, 'first')
  const last = days && optionalText(days, 'last')
  return (since ?? firstDay) <= (first ?? lastDay) && (until ?? lastDay) >= (last ?? firstDay)
}

async function rollUpsOfLines(
  reader: Reader,
  scope: Scope,
  { scope: charged, prefix }: Extract<ReportPlan, { kind: 'lines' }>,
): Promise<readonly RollUp[]> {
  const found: RollUp[] = []
  for (let after = 0; ;) {
    const lines = await readLedger(reader, scope, { after, limit: rowsPerTurn * 2 })
    for (const line of lines) found.push(...rollUpsOfLine(chargeOf(line, findAdjusted(reader, line)), charged, prefix))
    const last = lines.at(-1)
    if (!last) return found
    after = last.cursor
  }
}

function toRow(key: string, found: Row): CostRow {
  return toCostRow(key, {
    picoDollars: amount(found, 'dollars', 'pico'),
    savedPicoDollars: amount(found, 'saved_dollars', 'saved_pico'),
    calls: integer(found, 'calls'),
    unpricedCalls: integer(found, 'unpriced'),
    unknownCalls: integer(found, 'unknown'),
    inputTokens: integer(found, 'input'),
    cacheReadTokens: integer(found, 'cache_read'),
    cacheWriteTokens: integer(found, 'cache_write'),
    outputTokens: integer(found, 'output'),
    reasoningTokens: integer(found, 'reasoning'),
  })
}

function amount(found: Row, dollars: string, pico: string): bigint {
  return BigInt(integer(found, dollars)) * picoPerDollar + BigInt(integer(found, pico))
}
