import type { CallEntry, LedgerEntry, LedgerFilter, Scope } from '@meepo/core'
import type { Adjusted } from '@meepo/core/store-rules'
import { setImmediate } from 'node:timers/promises'
import { tenantOf } from '../client/encode.ts'
import { integer, optionalText, row, text, type Row } from '../row.ts'
import { rowsPerTurn, type Reader } from './reader.ts'

/** A line with its cursor. */
export type ReadLine = LedgerEntry & { readonly cursor: number }

/** See `Money.ledger`. Long pages are read in slices, one per turn of the event loop. */
export async function readLedger(reader: Reader, scope: Scope, filter: LedgerFilter): Promise<readonly ReadLine[]> {
  const { runId, since = -1e300, until = 1e300, limit = 1_000 } = filter
  const run = runId === undefined ? undefined : reader.findRun(scope, runId).key
  const tenant = tenantOf(scope)
  const [whose, ...name] =
    run !== undefined ? (['OfRun', run] as const) : tenant !== null ? (['OfTenant', tenant] as const) : ([''] as const)
  const isOfTime = filter.since !== undefined || filter.until !== undefined
  const names = new Map<number, string>()
  const lines: ReadLine[] = []
  for (let after = filter.after ?? 0; ;) {
    const last = isOfTime ? reader.windowEnd(`ledgerWindow${whose}`, after, ...name) : undefined
    const count = Math.min(rowsPerTurn, limit - lines.length)
    const slice = reader.all(`ledger${whose}`, after, last ?? Number.MAX_SAFE_INTEGER, since, until, count, ...name)
    for (const found of slice) lines.push(toLine(reader, names, found))
    if (lines.length >= limit) return lines
    if (slice.length === count) after = lines.at(-1)?.cursor ?? after
    else if (last !== undefined) after = last
    else return lines
    await setImmediate()
  }
}

/** What a correction is added to, as it was just before it. */
export function findAdjusted(reader: Reader, { adjusts, tenant, cursor }: ReadLine): Adjusted | undefined {
  if (adjusts === undefined) return undefined
  const [found] = reader.all('line', adjusts, tenant)
  if (!found) return undefined
  const [before] = reader.all('adjustmentBefore', adjusts, tenant, cursor)
  const entry = readEntry(found)
  const scopes = namesOf(reader, new Map(), text(found, 'scopes'))
  const line: LedgerEntry = { id: adjusts, at: integer(found, 'at'), kind: 'call', tenant, scopes, entry }
  return { line, status: (before ? readEntry(before) : entry).cost.status }
}

function toLine(reader: Reader, names: Map<number, string>, found: Row): ReadLine {
  const runId = optionalText(found, 'run_id')
  const adjusts = optionalText(found, 'adjusts')
  return {
    cursor: integer(found, 'id'),
    id: text(found, 'call'),
    at: integer(found, 'at'),
    ...(runId === undefined ? {} : { runId }),
    tenant: text(found, 'tenant'),
    scopes: namesOf(reader, names, text(found, 'scopes')),
    kind: text(found, 'kind') === 'adjust' ? 'adjust' : 'call',
    ...(adjusts === undefined ? {} : { adjusts }),
    entry: readEntry(found),
  }
}

function readEntry(found: Row): CallEntry {
  // The column holds nothing else: the writer fills it from this type.
  return JSON.parse(text(found, 'entry')) as CallEntry
}

function namesOf(reader: Reader, names: Map<number, string>, json: string): readonly string[] {
  // The column holds ids of scopes.
  return (JSON.parse(json) as readonly number[]).map((id) => {
    const name = names.get(id) ?? text(row(reader.all('scopeName', id)[0]), 'scope')
    names.set(id, name)
    return name
  })
}
