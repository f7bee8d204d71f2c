import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Refusal } from './refusal.ts'
import { row, text } from './row.ts'
import { migrate, migrations, readFormat } from './schema/migrate.ts'
import type { Migration } from './schema/migration.ts'
import { describeFailure } from './sqlite-error.ts'
import { busyTimeoutMs } from './write-lock.ts'

/** `full`: an acknowledged write survives a power loss. `fast`: it survives a crash of the process, not of the machine. */
export type Durability = 'full' | 'fast'

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
    // Only a new file takes it: fewer, larger writes (a third less time per row, measured at 128 rows a commit).
    db.exec('PRAGMA page_size = 8192')
    switchToWal(db)
    db.exec(`PRAGMA synchronous = ${durability === 'full' ? 'FULL' : 'NORMAL'}`)
    db.exec('PRAGMA temp_store = MEMORY')
    migrate(db, known)
    reserveLog(db, path)
    // From here on see `beginWriting`.
    db.exec('PRAGMA busy_timeout = 0')
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

/** Where a checkpoint begins by default (1,000 pages), so that SQLite's log file rarely grows beyond it. */
const reservedBytes = 8_192_000

/**
 * Gives SQLite's log file its size before it is used: a commit then overwrites, which a file system confirms in half
 * the time of growing a file. A big transaction spills into the log file, and a rollback leaves it as long as it is.
 */
function reserveLog(db: DatabaseSync, path: string): void {
  if (statSync(`${path}-wal`).size > reservedBytes / 2) return
  try {
    db.exec(
      `BEGIN IMMEDIATE; CREATE TABLE reserved (bytes BLOB); INSERT INTO reserved VALUES (zeroblob(${reservedBytes}))`,
    )
  } catch (error) {
    // On a full disk a store can still be read; what does not fit is refused when it is written.
    if (describeFailure(error).code !== 'store.disk_full') throw error
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK')
  }
}
