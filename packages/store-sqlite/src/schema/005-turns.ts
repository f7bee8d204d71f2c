import type { Migration } from './migration.ts'

/**
 * Who waits for a limit, of all processes on the file. Like the rest of the limits it may be emptied.
 *
 * Not breaking: an older release that has the file open writes buckets without it, and grants to whoever asks first.
 */
export const turns: Migration = {
  number: 5,
  name: 'turns',
  isBreaking: false,
  sql: `
-- Who waits and how much each tenant had (JSON); null when nobody waits.
ALTER TABLE limit_buckets ADD COLUMN turns TEXT;
`,
}
