import type { Migration } from './migration.ts'

/** Totals and names from the roll-ups. */
export const fillTotals: readonly string[] = [
  `INSERT INTO totals (scope, tenant, pico, saved, calls, unpriced, unknown, input, cache_read, cache_write, output, reasoning)
    SELECT scope, tenant, sum(pico), sum(saved), sum(calls), sum(unpriced), sum(unknown), sum(input), sum(cache_read),
      sum(cache_write), sum(output), sum(reasoning) FROM roll_ups GROUP BY scope, tenant`,
  `INSERT INTO scope_names (scope, tenant, is_shared)
    SELECT scope, min(tenant), count(*) > 1 FROM totals WHERE scope <> '' GROUP BY scope`,
  `UPDATE totals SET is_shared = true WHERE scope IN (SELECT scope FROM scope_names WHERE is_shared)`,
]

/**
 * Totals of each scope, written with its roll-ups and in the order in which reports show them: the dearest are found
 * without adding up what all others cost. And the way to the roll-ups of some days.
 *
 * Breaking: an older release would add to the roll-ups alone.
 */
export const totals: Migration = {
  number: 5,
  name: 'totals',
  isBreaking: true,
  sql: `
-- Sums of the lines of a scope, of all days and models. kind: what stands before the colon. is_shared: other tenants use the
-- name too, so that a report over all tenants adds up several rows.
CREATE TABLE totals (
  scope text COLLATE "C" NOT NULL,
  tenant text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL GENERATED ALWAYS AS (left(scope, greatest(strpos(scope, ':') - 1, 0))) STORED,
  is_shared boolean NOT NULL DEFAULT false,
  pico numeric NOT NULL,
  saved numeric NOT NULL,
  calls bigint NOT NULL,
  unpriced bigint NOT NULL,
  unknown bigint NOT NULL,
  input bigint NOT NULL,
  cache_read bigint NOT NULL,
  cache_write bigint NOT NULL,
  output bigint NOT NULL,
  reasoning bigint NOT NULL,
  PRIMARY KEY (scope, tenant)
) WITH (fillfactor = 70);

-- Who used a name first, and whether other tenants use it too. A table of its own: two transactions that use a new name at the
-- same time wait for each other here.
CREATE TABLE scope_names (
  scope text COLLATE "C" PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  is_shared boolean NOT NULL DEFAULT false
);

${fillTotals.join(';\n')};
CREATE INDEX totals_dearest ON totals (tenant, kind, pico DESC, scope);
CREATE INDEX totals_shared ON totals (scope) WHERE is_shared;
DROP INDEX roll_ups_tenant;
CREATE INDEX roll_ups_day ON roll_ups (day, scope);
`,
}
