import type { HealthBoard, HealthRow, JsonObject } from '@meepo/core'
import type { Database } from '../database/database.ts'

/** health primary key; as many rows as ways to providers. */
export const healthSql = {
  read: 'SELECT key, revision, state FROM health ORDER BY key',
  find: 'SELECT key, revision, state FROM health WHERE key = $1',
} as const
// Of two that write at the same time the second waits, and then finds another revision.
const write = `INSERT INTO health AS h (key, revision, state) VALUES ($1, $2, $3)
  ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, state = excluded.state
    WHERE h.revision = excluded.revision - 1`

interface Row {
  readonly key: string
  readonly revision: number
  readonly state: string
}

/** The health of ways to providers, as all processes on the database told it. */
export function createHealthBoard(database: Database): HealthBoard {
  return {
    read: async () => (await database.all<Row>(healthSql.read)).map(toHealth),
    write: ({ key, revision, state }) =>
      database.command(async (transaction) => {
        const written = await transaction.run(write, key, revision + 1, JSON.stringify(state))
        const [latest] = await transaction.all<Row>(healthSql.find, key)
        if (!latest) throw new TypeError('a row that was written is missing')
        return { isWritten: written === 1, row: toHealth(latest) }
      }),
  }
}

function toHealth({ key, revision, state }: Row): HealthRow {
  // Written by `write`.
  return { key, revision, state: JSON.parse(state) as JsonObject }
}
