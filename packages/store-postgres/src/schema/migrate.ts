import { MeepoError } from '@meepo/core'
import type { ClientBase } from 'pg'
import { initial } from './001-initial.ts'
import { money } from './002-money.ts'
import { limits } from './003-limits.ts'
import { lists } from './004-lists.ts'
import { totals } from './005-totals.ts'
import { offers } from './006-offers.ts'
import type { Migration } from './migration.ts'

/** All of them, in order. */
export const migrations: readonly Migration[] = [initial, money, limits, lists, totals, offers]

/** "Meep" in ASCII: one schema of the database is migrated at a time. */
const migrationLock = 0x4d656570

/**
 * Brings the schema to the newest format, all missing migrations in one transaction. Of several processes one migrates and
 * the others find the work done. Rejects with `store.newer_format` for a schema of a newer release, and with
 * `store.corrupt` for one that holds tables of somebody else.
 */
export async function migrate(
  client: ClientBase,
  schema: string,
  known: readonly Migration[] = migrations,
): Promise<void> {
  if ((await readFormat(client, schema, known)) === known.length) return
  await client.query('BEGIN')
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [migrationLock])
    // Only where it is missing: a user of one that is there need not have the right to make others.
    const there = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema])
    if (there.rows.length === 0) await client.query(`CREATE SCHEMA ${schema}`)
    const format = await readFormat(client, schema, known)
    if (format === 0) await client.query(firstTable)
    // Waits for transactions of processes that are at work; those that come after find the new format.
    await client.query('LOCK TABLE migrations IN ACCESS EXCLUSIVE MODE')
    for (const { number, name, isBreaking, sql } of known.slice(format)) {
      await client.query(sql)
      await client.query('INSERT INTO migrations (number, name, is_breaking) VALUES ($1, $2, $3)', [
        number,
        name,
        isBreaking,
      ])
    }
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
}

const firstTable = `CREATE TABLE migrations (
  number bigint PRIMARY KEY,
  name text NOT NULL,
  is_breaking boolean NOT NULL,
  ran_at timestamptz NOT NULL DEFAULT now()
)`

/** Selects the last migration that an older release must not write behind. Every writing transaction looks at it first. */
export const breakingFormat = 'SELECT max(number) FROM migrations WHERE is_breaking'

/** Refuses to go on writing after another process ran a breaking migration that this release does not know. */
export function checkStillKnown(breaking: number, known: number = migrations.length): void {
  if (breaking > known) throw newer(breaking, known)
}

/** The number of the last migration that ran; 0 for a schema that is not there or empty. */
export async function readFormat(
  client: ClientBase,
  schema: string,
  known: readonly Migration[] = migrations,
): Promise<number> {
  const tables = await client.query<{ name: string }>('SELECT tablename AS name FROM pg_tables WHERE schemaname = $1', [
    schema,
  ])
  if (tables.rows.length === 0) return 0
  if (!tables.rows.some(({ name }) => name === 'migrations')) {
    throw new MeepoError('store.corrupt', `the schema ${schema} holds tables, but not those of Meepo`)
  }
  const found = await client.query<{ format: number }>('SELECT coalesce(max(number), 0) AS format FROM migrations')
  const format = found.rows[0]?.format ?? 0
  if (format > known.length) throw newer(format, known.length)
  return format
}

function newer(format: number, known: number): MeepoError {
  return new MeepoError('store.newer_format', `the schema has format ${format}; this release knows ${known}`)
}
