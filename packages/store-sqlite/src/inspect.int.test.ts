import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, expect, test } from 'vitest'
import { inspectSqliteFile, openSqliteStore } from './index.ts'

const folder = mkdtempSync(join(tmpdir(), 'meepo-inspect-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a file that is not there is not made', () => {
  const path = join(folder, 'missing.db')
  expect(inspectSqliteFile(path)).toBeUndefined()
  expect(existsSync(path)).toBe(false)
})

test('a store tells its size and format', async () => {
  const path = join(folder, 'store.db')
  await (await openSqliteStore({ path })).close()
  const file = inspectSqliteFile(path)
  expect(file?.format).toBe(file?.newestFormat)
  expect(file?.bytes).toBeGreaterThan(0)
})

test('a file that is no database, or a newer one, is refused', async () => {
  const text = join(folder, 'text.db')
  writeFileSync(text, 'this is not a database at all, however long it may be')
  expect(() => inspectSqliteFile(text)).toThrow(expect.objectContaining({ code: 'store.corrupt' }))

  const newer = join(folder, 'newer.db')
  await (await openSqliteStore({ path: newer })).close()
  const db = new DatabaseSync(newer)
  db.exec('PRAGMA user_version = 999')
  db.close()
  expect(() => inspectSqliteFile(newer)).toThrow(expect.objectContaining({ code: 'store.newer_format' }))
})
