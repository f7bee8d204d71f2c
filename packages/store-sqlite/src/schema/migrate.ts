import type { DatabaseSync } from 'node:sqlite'
import { integer, row } from '../row.ts'
import { Refusal } from '../refusal.ts'
import { initial } from './001-initial.ts'
import { money } from './002-money.ts'
import { limits } from './003-limits.ts'
import { health } from './004-health.ts'
import { turns } from './005-turns.ts'
import { places } from './006-places.ts'
import { lists } from './007-lists.ts'
import { totals } from './008-totals.ts'
import { offers } from './009-offers.ts'
import type { Migration } from './migration.ts'

/** All of them, in order. */
export const migrations: readonly Migration[] = [initial, money, limits, health, turns, places, lists, totals, offers]

/** "Meep" in ASCII: tells our files from other SQLite databases. */
const applicationId = 0x4d656570

/** The number of the last migration that ran on this file; 0 for an empty one. Refuses files of others and of newer releases. */
export function readFormat(db: DatabaseSync, known: readonly Migration[] = migrations): number {
  const format = integer(row(db.prepare('PRAGMA user_version').get()), 'user_version')
  const owner = integer(row(db.prepare('PRAGMA application_id').get()), 'application_id')
  if (owner !== applicationId && !(owner === 0 && isEmpty(db))) {
    throw new Refusal('store.corrupt', 'the file is a database, but not one of Meepo')
  }
  if (format > known.length) throw newer(format, known.length)
  return format
}

/**
 * Brings the file to the newest format, all missing migrations in one transaction. Takes the write lock first, so that
 * of several processes one migrates and the others find the work done.
 */
export function migrate(db: DatabaseSync, known: readonly Migration[] = migrations): void {
  if (readFormat(db, known) === known.length) return
  db.exec('BEGIN IMMEDIATE')
  try {
    const format = readFormat(db, known)
    db.exec(`PRAGMA application_id = ${applicationId}`)
    for (const migration of known.slice(format)) {
      db.exec(migration.sql)
      db.exec(`PRAGMA user_version = ${migration.number}`)
      if (migration.isBreaking) {
        db.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES ('breaking_format', ?)").run(migration.number)
      }
    }
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** Refuses to go on writing after another process ran a breaking migration that this release does not know. */
export function checkStillKnown(db: DatabaseSync, known: readonly Migration[] = migrations): void {
  const found = db.prepare("SELECT value FROM meta WHERE key = 'breaking_format'").get()
  const breaking = found ? integer(found, 'value') : 0
  if (breaking > known.length) throw newer(breaking, known.length)
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined
}

function newer(format: number, known: number): Refusal {
  return new Refusal('store.newer_format', `the file has format ${format}; this release knows ${known}`)
}
