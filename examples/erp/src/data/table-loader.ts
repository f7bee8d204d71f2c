import type { DatabaseSync } from 'node:sqlite'

import { parseCsv } from './csv.ts'
import type { CsvRecord } from './csv.ts'
import { DataError } from './data-error.ts'
import type { Column } from './columns.ts'
import type { Table } from './tables.ts'

/** Creates the table and fills it from the text of its file; the caller has opened a transaction. */
export function loadTable(db: DatabaseSync, table: Table, source: string): void {
  const [header, ...records] = parseCsv(table.file, source)
  checkHeader(table, header)
  const definitions = table.columns.map((column) => `${column.name} ${column.kind.sql}`).join(', ')
  db.exec(`CREATE TABLE ${table.name} (${definitions})`)
  const marks = table.columns.map(() => '?').join(', ')
  const insert = db.prepare(`INSERT INTO ${table.name} VALUES (${marks})`)
  const known = knownValues(db, table)
  const keyAt = table.key.map((name) => table.columns.findIndex((column) => column.name === name))
  const keys = new Set<string>()
  for (const record of records) {
    const values = readRecord(table, record, known)
    const key = JSON.stringify(keyAt.map((at) => values[at]))
    if (keys.has(key)) {
      throw invalid(table, record, table.key.join(' + '), 'a value that occurs only once', record.fields[keyAt[0] ?? 0])
    }
    keys.add(key)
    insert.run(...values)
  }
  db.exec(`CREATE INDEX ${table.name}_key ON ${table.name} (${table.key.join(', ')})`)
}

function checkHeader(table: Table, header: CsvRecord | undefined): void {
  const expected = table.columns.map((column) => column.name)
  const found = header?.fields ?? []
  if (found.length === expected.length && expected.every((name, at) => name === found[at])) return
  const wrong = expected.find((name, at) => name !== found[at])
  throw new DataError({
    code: 'erp.data_invalid',
    file: table.file,
    line: header?.line ?? 1,
    ...(wrong === undefined ? {} : { column: wrong }),
    expected: `the header ${expected.join(',')}`,
    found: found.join(','),
  })
}

function readRecord(
  table: Table,
  record: CsvRecord,
  known: readonly (Set<unknown> | undefined)[],
): (string | number | null)[] {
  if (record.fields.length !== table.columns.length) {
    const last = table.columns[Math.min(record.fields.length, table.columns.length - 1)]?.name ?? ''
    throw invalid(table, record, last, `${table.columns.length} columns`, `${record.fields.length} columns`)
  }
  return table.columns.map((column, at) => {
    const cell = record.fields[at] ?? ''
    const value = readCell(table, record, column, cell)
    if (value !== null && known[at]?.has(value) === false) {
      const target = column.refersTo
      throw invalid(
        table,
        record,
        column.name,
        `a ${target?.column} of ${target?.table.replaceAll('_', '-')}.csv`,
        cell,
      )
    }
    return value
  })
}

function readCell(table: Table, record: CsvRecord, column: Column, cell: string): string | number | null {
  if (cell === '') {
    if (column.isOptional === true) return null
    throw invalid(table, record, column.name, column.kind.expected, cell)
  }
  const value = column.kind.read(cell)
  if (value === null) throw invalid(table, record, column.name, column.kind.expected, cell)
  return value
}

function knownValues(db: DatabaseSync, table: Table): (Set<unknown> | undefined)[] {
  return table.columns.map((column) => {
    if (column.refersTo === undefined) return undefined
    const rows = db.prepare(`SELECT DISTINCT ${column.refersTo.column} AS value FROM ${column.refersTo.table}`).all()
    return new Set(rows.map((row) => row['value']))
  })
}

function invalid(
  table: Table,
  record: CsvRecord,
  column: string,
  expected: string,
  found: string | undefined,
): DataError {
  return new DataError({
    code: 'erp.data_invalid',
    file: table.file,
    line: record.line,
    column,
    expected,
    ...(found === undefined ? {} : { found }),
  })
}
