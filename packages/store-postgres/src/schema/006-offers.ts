import type { Migration } from './migration.ts'

/**
 * What engines can run, so that a run whose definition nobody has is told from one that waits for its turn.
 *
 * Not breaking: an engine of an older release offers nothing, and what it can run is claimed all the same.
 */
export const offers: Migration = {
  number: 6,
  name: 'offers',
  isBreaking: false,
  sql: `
-- name@version
ALTER TABLE engines ADD COLUMN offers text[] NOT NULL DEFAULT '{}';
`,
}
