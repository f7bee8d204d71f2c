import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Refusal } from './refusal.ts'
import { row, text } from './row.ts'
import { migrate, migrations, readFormat } from './schema/migrate.ts'
import type { Migration } from './schema/migration.ts'
import { describeFailure } from './sqlite-error.ts'

/** `full`: an acknowledged write survives a power loss. `fast`: it survives a crash of the process, not of the machine. */
export type Durability = 'full' | 'fast'

/** How long a statement waits for the lock of another process. */
export const busyTimeoutMs = 5_000

/** Opens the database for its writer; the folder and the file are created, the format is brought up to date. */
export function openWritable(
  path: string,
  durability: Durability,
  known: readonly Migration[] = migrations,
): DatabaseSync {
  let db: DatabaseSync | undefined
  try {
    mkdirSync(dirname(path), { recursive: true })
    db = new DatabaseSync(path, { timeout: busyTimeoutMs })
    checkSqlite(text(row(db.prepare('SELECT sqlite_version() AS version').get()), 'version'))
    // Who the file belongs to is looked at before anything is changed in it.
    readFormat(db, known)
    switchToWal(db)
    db.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`)
    db.exec('PRAGMA temp_store = MEMORY')
    migrate(db, known)
    return db
  } catch (error) {
    db?.close()
    const { code, message } = describeFailure(error)
    throw new Refusal(code, `${path}: ${message}`)
  }
}

/** Opens the same file for reading. The writer must have opened it before. */
export function openReadOnly(path: string): DatabaseSync {
  return new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs })
}

/** Below 3.51.3 a checkpoint that races a write of another connection can damage the file. */
export function checkSqlite(version: string): void {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  const isSafe = major > 3 || (major === 3 && (minor > 51 || (minor === 51 && patch >= 3)))
  if (!isSafe) throw new Refusal('store.sqlite_too_old', `SQLite is ${version}; 3.51.3 or newer is needed`)
}

/** The switch takes a lock without asking the busy handler, so processes that create a file together try again. */
function switchToWal(db: DatabaseSync): void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  for (let attempt = 0; ; attempt++) {
    try {
      db.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (describeFailure(error).retryable !== true || attempt === 100) throw error
      Atomics.wait(pause, 0, 0, 20)
    }
  }
}
