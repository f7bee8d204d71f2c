import type { Migration } from './migration.ts'

/**
 * The health of ways to providers, told from process to process. Few rows, changed in place; the table may be emptied.
 *
 * Not breaking: an older release that has the file open knows nothing of it and does no harm.
 */
export const health: Migration = {
  number: 4,
  name: 'health',
  isBreaking: false,
  sql: `
-- state: JSON of the gateway that wrote it.
CREATE TABLE health (
  key TEXT PRIMARY KEY,
  revision INTEGER NOT NULL,
  state TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`,
}
