import type { Migration } from './migration.ts'

/**
 * An index for every way in which runs, costs and lines are asked for, so that what is rare is found as fast as what is
 * common.
 *
 * Not breaking: an older release keeps the indices up to date as everybody does.
 */
export const lists: Migration = {
  number: 7,
  name: 'lists',
  isBreaking: false,
  sql: `
-- Lists of runs: a range per status, from the newest on (each index ends in the key of the run).
CREATE INDEX runs_status ON runs (status);
CREATE INDEX runs_tenant ON runs (tenant, status);
CREATE INDEX runs_definition ON runs (definition, status);
CREATE INDEX runs_tenant_definition ON runs (tenant, definition, status);
-- The scopes of one tenant that begin alike, and its lines in the order of booking.
CREATE INDEX scopes_tenant ON scopes (tenant, scope);
CREATE INDEX ledger_tenant ON ledger (tenant);
`,
}
