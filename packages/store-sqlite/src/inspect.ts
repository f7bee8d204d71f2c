import { existsSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { toReadError } from './client/to-meepo-error.ts'
import { openReadOnly } from './database.ts'
import { migrations, readFormat } from './schema/migrate.ts'

/** What can be told about a database file without opening it as a store. */
export interface SqliteFile {
  readonly bytes: number
  /** The format of the file; 0 for one that no store has opened yet. */
  readonly format: number
  /** The newest format that this release knows. */
  readonly newestFormat: number
}

/**
 * Looks at a database file and changes nothing. Undefined when there is none. Throws `store.corrupt`,
 * `store.newer_format` or `store.not_writable`.
 */
export function inspectSqliteFile(path: string): SqliteFile | undefined {
  if (!existsSync(path)) return undefined
  let db: DatabaseSync | undefined
  try {
    db = openReadOnly(path)
    return { bytes: statSync(path).size, format: readFormat(db), newestFormat: migrations.length }
  } catch (error) {
    throw toReadError(error)
  } finally {
    db?.close()
  }
}
