import { constants } from 'node:sqlite'
import { z } from 'zod'

import { erpTool } from '../tool.ts'
import type { ErpTool } from '../tool.ts'

const rowCap = 1000

/**
 * What a statement may do: read tables and call functions. Everything else is refused by SQLite itself while it compiles the
 * statement, recursive queries included because a row cap cannot stop them.
 */
const allowed: ReadonlySet<number> = new Set([
  constants.SQLITE_SELECT,
  constants.SQLITE_READ,
  constants.SQLITE_FUNCTION,
])

/** Functions that would make two runs differ or that reach outside of the database. */
const refused: ReadonlySet<string> = new Set([
  'random',
  'randomblob',
  'load_extension',
  'current_date',
  'current_time',
  'current_timestamp',
])

const cell = z.union([z.string(), z.number(), z.null()])

/** Read-only SQL on the loaded company. */
export const query: ErpTool = erpTool({
  name: 'query',
  description: `Runs one SELECT on the company's tables (SQLite; named as the CSV files with underscores; amounts in cents, dates as YYYY-MM-DD). At most ${rowCap} rows. There is no today: the as-of date stands for it. Use ? and "values" for parameters.`,
  effect: 'read',
  input: z.strictObject({
    sql: z.string().min(1).max(5000),
    values: z
      .array(z.union([z.string(), z.number()]))
      .max(20)
      .default([]),
  }),
  output: z.strictObject({
    rows: z.array(z.record(z.string(), cell)).optional(),
    isCut: z.boolean().optional(),
    error: z.string().optional(),
  }),
  run: ({ db }, { sql, values }) => {
    db.setAuthorizer((action, _table, name) =>
      allowed.has(action) && !refused.has(name ?? '') ? constants.SQLITE_OK : constants.SQLITE_DENY,
    )
    try {
      const statement = db.prepare(sql)
      const rows: unknown[] = []
      for (const row of statement.iterate(...values)) {
        if (rows.length === rowCap) return { rows, isCut: true }
        rows.push({ ...row })
      }
      return { rows, isCut: false }
    } catch (error) {
      if (error instanceof Error && 'errcode' in error) return { error: error.message }
      throw error
    } finally {
      db.setAuthorizer(null)
    }
  },
})
