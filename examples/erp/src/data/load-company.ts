import { createHash } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import type { z } from 'zod'

import { companyFacts, previousReport } from './company.ts'
import type { Company } from './company.ts'
import { DataError } from './data-error.ts'
import { findDocuments, readText } from './documents.ts'
import { loadTable } from './table-loader.ts'
import { tables } from './tables.ts'

/**
 * Reads and checks a whole data folder before anything runs.
 *
 * Throws `DataError` with `erp.data_missing` or `erp.data_invalid` for the first fault. The database lives in memory:
 * the folder is never written to, and close it with `company.db.close()`.
 */
export function loadCompany(folder: string): Company {
  const facts = readJson(folder, 'company.json', companyFacts)
  const previous = readJson(folder, 'previous-report.json', previousReport)
  const documents = findDocuments(folder)
  const db = new DatabaseSync(':memory:', { limits: { length: 10_000_000, sqlLength: 100_000 } })
  try {
    db.exec('BEGIN')
    for (const table of tables) loadTable(db, table, readText(folder, table.file))
    db.exec('CREATE INDEX receipts_order ON receipts (order_id)')
    db.exec('CREATE INDEX invoices_supplier ON invoices (supplier_id)')
    db.exec('COMMIT')
    db.exec('PRAGMA query_only = ON')
  } catch (error) {
    db.close()
    throw error
  }
  return { folder, fingerprint: fingerprintOf(folder, documents), facts, previous, db, documents }
}

function fingerprintOf(folder: string, documents: readonly string[]): string {
  const hash = createHash('sha256')
  const files = ['company.json', 'previous-report.json', ...tables.map((table) => table.file), ...documents]
  for (const file of files.toSorted()) hash.update(`${JSON.stringify([file, readText(folder, file)])}\n`)
  return hash.digest('hex')
}

function readJson<T>(folder: string, file: string, schema: z.ZodType<T>): T {
  const source = readText(folder, file)
  let value: unknown
  try {
    value = JSON.parse(source)
  } catch (cause) {
    throw new DataError({ code: 'erp.data_invalid', file, line: lineOf(source, cause), expected: 'JSON' }, cause)
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const path = issue?.path.join('.') ?? ''
  throw new DataError({
    code: 'erp.data_invalid',
    file,
    line: lineOfKey(source, issue?.path ?? []),
    column: path === '' ? '(top)' : path,
    expected: issue?.message ?? 'another shape',
  })
}

/** V8 names the position in the message only; without one the last line is the best answer. */
function lineOf(source: string, cause: unknown): number {
  const position = cause instanceof Error ? /position (\d+)/.exec(cause.message)?.[1] : undefined
  return source.slice(0, position === undefined ? source.length : Number(position)).split('\n').length
}

/** Follows the keys of the path through the text; array indexes count the opening braces of their array. */
function lineOfKey(source: string, path: readonly PropertyKey[]): number {
  let at = 0
  for (const key of path) {
    if (typeof key === 'number') {
      for (let skip = 0; skip <= key; skip++) {
        const next = source.indexOf('{', at + 1)
        if (next < 0) break
        at = next
      }
    } else {
      const next = source.indexOf(`"${String(key)}"`, at)
      if (next < 0) break
      at = next
    }
  }
  return source.slice(0, at).split('\n').length
}
