import type { Migration } from './migration.ts'

/**
 * An index for every way in which runs and costs are asked for, so that what is rare is found as fast as what is common.
 *
 * Not breaking: an older release keeps the indices up to date as everybody does.
 */
export const lists: Migration = {
  number: 4,
  name: 'lists',
  isBreaking: false,
  sql: `
-- Lists of runs: a range per status, from the newest on.
DROP INDEX runs_tenant;
CREATE INDEX runs_status ON runs (status, id);
CREATE INDEX runs_tenant ON runs (tenant, status, id);
CREATE INDEX runs_definition ON runs (definition, status, id);
CREATE INDEX runs_tenant_definition ON runs (tenant, definition, status, id);
DROP INDEX runs_parent;
CREATE INDEX runs_parent ON runs (parent_run, id) WHERE parent_run IS NOT NULL;
-- The scopes of one tenant that begin alike.
CREATE INDEX roll_ups_tenant ON roll_ups (tenant, scope);
`,
}
