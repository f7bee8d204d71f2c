import type { DatabaseSync } from 'node:sqlite'

/** Tables with as many rows as engines, calls under way, limits or providers: whoever wants all of them reads all. */
const small: ReadonlySet<string> = new Set([
  'engines',
  'reservations',
  'limit_buckets',
  'limit_permits',
  'limit_holders',
  'limit_cooldowns',
  'limit_tallies',
  'limit_clock',
  'health',
  'meta',
  'blob_puts',
])

/** Indices that hold only what is going on, in the order in which it is taken. */
const brief: ReadonlySet<string> = new Set([
  'runs_ready',
  'runs_ready_workflows',
  'runs_places',
  'runs_wake',
  'inbox_pending',
  'alerts_waiting',
])

/** The steps of a plan. */
export function readPlan(db: DatabaseSync, text: string): readonly string[] {
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${text}`).all()
  return rows.map(({ detail }) => String(detail))
}

/** What a statement reads whole of what grows with the log: tables, and indices without a condition. */
export function findScans(db: DatabaseSync, text: string): readonly string[] {
  const tables = new Set(
    db
      .prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`)
      .all()
      .map(({ name }) => String(name)),
  )
  return readPlan(db, text).filter((step) => {
    const [, name, index] = /^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?/.exec(step) ?? []
    if (name === undefined) return false
    const table = new RegExp(`(\\w+) AS ${name}\\b`).exec(text)?.[1] ?? name
    return tables.has(table) && !small.has(table) && !brief.has(index ?? '')
  })
}
