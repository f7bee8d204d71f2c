import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { migrate } from './schema/migrate.ts'
import { findScans } from './testing/find-scans.ts'
import { readQueries } from './testing/read-queries.ts'

const db = new DatabaseSync(':memory:')
migrate(db)

test.each(readQueries)('$name goes by an index', ({ text }) => {
  expect(findScans(db, text)).toEqual([])
})

test('a scan is found, of a table and of an index without a condition', () => {
  expect(findScans(db, 'SELECT * FROM runs WHERE version = ?')).toEqual(['SCAN runs'])
  expect(findScans(db, 'SELECT r.status FROM runs AS r ORDER BY r.status')).toHaveLength(1)
  expect(findScans(db, 'SELECT * FROM limit_holders')).toEqual([])
})
