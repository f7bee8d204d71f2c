import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { loadCompany } from '../../data/load-company.ts'
import { query } from './query.ts'
import { readDocument } from './read-document.ts'

const company = loadCompany(join(import.meta.dirname, '../../../data'))
afterAll(() => company.db.close())

test('a query gives rows by column', () => {
  expect(query.run(company, { sql: 'SELECT item_id FROM items WHERE item_id = ?', values: ['I-0001'] })).toEqual({
    rows: [{ item_id: 'I-0001' }],
    isCut: false,
  })
})

test('rows above the cap are cut and the answer says so', () => {
  expect(query.run(company, { sql: 'SELECT * FROM sales' })).toMatchObject({ isCut: true, rows: { length: 1000 } })
})

test.each([
  'DELETE FROM items',
  'UPDATE items SET name = 1',
  'CREATE TABLE x (y)',
  'DROP TABLE items',
  'PRAGMA query_only = OFF',
  "ATTACH 'x.db' AS x",
  'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n',
  'SELECT random()',
  "SELECT load_extension('x')",
  'SELECT current_date',
  'BEGIN',
  'VACUUM',
  'SELECT nonsense FROM items',
  'not sql',
])('%s is answered with an error', (sql) => {
  expect(query.run(company, { sql })).toEqual({ error: expect.any(String) })
})

test('a refused statement leaves the database as it was', () => {
  query.run(company, { sql: 'DELETE FROM items; DELETE FROM stock' })
  query.run(company, { sql: 'SELECT 1; DELETE FROM stock' })
  expect(query.run(company, { sql: 'SELECT count(*) > 0 AS kept FROM stock' })).toEqual({
    rows: [{ kept: 1 }],
    isCut: false,
  })
})

test('a document inside the folder is read', () => {
  expect(readDocument.run(company, { path: 'policy.md' })).toMatchObject({
    text: expect.stringContaining('# Company policy'),
  })
})

test.each(['../package.json', '/etc/passwd', 'company.json', 'resumes/../../package.json', 'resumes/c-999.md'])(
  '%s is no document',
  (path) => {
    expect(readDocument.run(company, { path })).toEqual({ path, error: 'there is no such document' })
  },
)
