import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { temporaryFolder } from '../../check/temporary-folder.ts'
import { DataError } from './data-error.ts'
import { loadCompany } from './load-company.ts'
import { tables } from './tables.ts'

const shipped = join(import.meta.dirname, '../../data')

function faultAfter(change: (folder: string) => void): DataError {
  using folder = temporaryFolder()
  cpSync(shipped, folder.path, { recursive: true })
  change(folder.path)
  try {
    loadCompany(folder.path).db.close()
  } catch (error) {
    if (error instanceof DataError) return error
    throw error
  }
  throw new Error('the folder was accepted')
}

function edit(file: string, change: (text: string) => string): (folder: string) => void {
  return (folder) => writeFileSync(join(folder, file), change(readFileSync(join(folder, file), 'utf8')))
}

/** Replaces the nth line of a file, counted from 1. */
function line(number: number, text: string): (source: string) => string {
  return (source) =>
    source
      .split('\n')
      .map((old, at) => (at === number - 1 ? text : old))
      .join('\n')
}

test('the shipped company is sound and big enough', () => {
  const { db, documents } = loadCompany(shipped)
  const rows = (table: string): unknown => db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']
  expect(rows('invoices')).toBeGreaterThanOrEqual(500)
  expect(rows('stock')).toBeGreaterThanOrEqual(200)
  expect(rows('sales')).toBe(12 * Number(rows('items')))
  expect(documents.filter((path) => path.startsWith('resumes/')).length).toBeGreaterThanOrEqual(30)
  expect(documents.filter((path) => path.startsWith('jobs/'))).toHaveLength(3)
  db.close()
})

test('the loaded database cannot be written to', () => {
  const { db } = loadCompany(shipped)
  expect(() => db.exec('DELETE FROM invoices')).toThrow('readonly')
  db.close()
})

test.each([
  ...tables.map((table) => table.file),
  'company.json',
  'previous-report.json',
  'policy.md',
  'onboarding.md',
  'resumes',
  'jobs',
])('a missing %s is named', (file) => {
  const error = faultAfter((folder) => rmSync(join(folder, file), { recursive: true }))
  expect(error.code).toBe('erp.data_missing')
  expect(error.fault.file).toContain(file)
})

test.each<[string, (folder: string) => void, Partial<DataError['fault']>]>([
  [
    'an unknown header',
    edit('stock.csv', line(1, 'item_id,on_hand,ordered')),
    { file: 'stock.csv', line: 1, column: 'on_order' },
  ],
  [
    'a text for a number',
    edit('stock.csv', line(3, 'I-0002,many,0')),
    { file: 'stock.csv', line: 3, column: 'on_hand', found: 'many' },
  ],
  [
    'an amount without decimals',
    edit('payments.csv', line(2, 'PAY-0001,INV-0001,2026-07-01,12,DE1')),
    { file: 'payments.csv', line: 2, column: 'amount' },
  ],
  [
    'a day that does not exist',
    edit('orders.csv', line(4, 'PO-0003,S-001,2026-02-30')),
    { file: 'orders.csv', line: 4, column: 'ordered_on' },
  ],
  [
    'an empty cell',
    edit('hires.csv', line(2, 'E-101,,J-1,2026-10-01')),
    { file: 'hires.csv', line: 2, column: 'name' },
  ],
  ['a column too few', edit('stock.csv', line(5, 'I-0004,4')), { file: 'stock.csv', line: 5, column: 'on_order' }],
  [
    'an unknown supplier',
    edit('orders.csv', line(2, 'PO-0001,S-999,2026-05-30')),
    { file: 'orders.csv', line: 2, column: 'supplier_id', found: 'S-999' },
  ],
  ['the same key twice', edit('stock.csv', line(3, 'I-0001,1,0')), { file: 'stock.csv', line: 3, column: 'item_id' }],
  ['broken JSON', edit('company.json', line(3, '  "currency" "EUR",')), { file: 'company.json', line: 3 }],
  [
    'a wrong field in JSON',
    edit('company.json', (text) => text.replace('"EUR"', '"Euro"')),
    { file: 'company.json', line: 3, column: 'currency' },
  ],
  [
    'a policy without a heading',
    edit('policy.md', (text) => text.replace('## Risk points', '## Risk')),
    { file: 'policy.md' },
  ],
  [
    'a policy without a threshold',
    edit('policy.md', (text) => text.replace('stale_order_days', 'stale')),
    { file: 'policy.md' },
  ],
  [
    'a limit that is no amount',
    edit('policy.md', (text) => text.replace('| hotel | 140.00', '| hotel | 140')),
    { file: 'policy.md', column: 'limit', found: '140' },
  ],
])('%s is refused with file, line and column', (_case, change, fault) => {
  const error = faultAfter(change)
  expect(error.code).toBe('erp.data_invalid')
  expect(error.fault).toMatchObject(fault)
  expect(error.fault.line).toBeGreaterThan(0)
  expect(error.message).toContain(`${error.fault.file}, line ${error.fault.line}`)
})
