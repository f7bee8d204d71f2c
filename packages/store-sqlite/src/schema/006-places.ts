import type { Migration } from './migration.ts'

/**
 * Places of workflows, and the order in which ended runs go.
 *
 * Breaking: an older release that went on with the file would drive workflows without counting them, and keep places of
 * runs that ended.
 */
export const places: Migration = {
  number: 6,
  name: 'places',
  isBreaking: true,
  sql: `
-- 1: a workflow that holds a place; 0: one that needs one; 2: one that needs none, as it is to be cancelled; null: no workflow.
ALTER TABLE runs ADD COLUMN place INTEGER;
CREATE INDEX runs_places ON runs (id) WHERE place = 1;
-- Two orders of claiming, so that whoever may take no more workflows need not walk past those that wait.
DROP INDEX runs_ready;
CREATE INDEX runs_ready ON runs (priority DESC, ifnull(deadline_at, 9e15), id) WHERE ready = 1 AND place IS NOT 0;
CREATE INDEX runs_ready_workflows ON runs (priority DESC, ifnull(deadline_at, 9e15), id) WHERE ready = 1 AND place = 0;
-- For retention. Children go with their roots, so they are not in it.
CREATE INDEX runs_ended ON runs (definition, status, ended_at, id) WHERE ended_at IS NOT NULL AND parent_run IS NULL;
`,
}
