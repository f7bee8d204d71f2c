import type { Migration } from './migration.ts'

/** What every scope was charged on all days together: from the roll-ups. Also marks the names that several tenants use. */
export const fillTotals = `
UPDATE scopes SET dollars = f.dollars + f.pico / 1000000000000, pico = f.pico % 1000000000000,
  saved_dollars = f.saved_dollars + f.saved_pico / 1000000000000, saved_pico = f.saved_pico % 1000000000000,
  calls = f.calls, unpriced = f.unpriced, unknown = f.unknown, input = f.input, cache_read = f.cache_read,
  cache_write = f.cache_write, output = f.output, reasoning = f.reasoning
FROM (SELECT scope AS id, sum(dollars) AS dollars, sum(pico) AS pico, sum(saved_dollars) AS saved_dollars,
    sum(saved_pico) AS saved_pico, sum(calls) AS calls, sum(unpriced) AS unpriced, sum(unknown) AS unknown,
    sum(input) AS input, sum(cache_read) AS cache_read, sum(cache_write) AS cache_write, sum(output) AS output,
    sum(reasoning) AS reasoning FROM roll_ups GROUP BY scope) AS f WHERE f.id = scopes.id;
UPDATE scopes SET is_shared = 1
WHERE scope <> '' AND scope IN (SELECT scope FROM scopes GROUP BY scope HAVING count(*) > 1);
`

/**
 * Totals of each scope, written with its roll-ups and in the order in which reports show them: the dearest are found
 * without adding up what all others cost. And the way to the roll-ups of some days.
 *
 * Breaking: an older release would add to the roll-ups alone.
 */
export const totals: Migration = {
  number: 8,
  name: 'totals',
  isBreaking: true,
  sql: `
-- kind: what stands before the colon. dollars: NULL while nothing was charged. is_shared: other tenants use the name too, so
-- that a report over all tenants adds up several rows.
ALTER TABLE scopes ADD COLUMN kind TEXT AS (substr(scope, 1, instr(scope, ':') - 1)) VIRTUAL;
ALTER TABLE scopes ADD COLUMN is_shared INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN dollars INTEGER;
ALTER TABLE scopes ADD COLUMN pico INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN saved_dollars INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN saved_pico INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN calls INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN unpriced INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN input INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN cache_read INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN cache_write INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN output INTEGER NOT NULL DEFAULT 0;
ALTER TABLE scopes ADD COLUMN reasoning INTEGER NOT NULL DEFAULT 0;
${fillTotals}
DROP INDEX scopes_tenant;
CREATE INDEX scopes_dearest ON scopes (tenant, kind, dollars DESC, pico DESC, scope, is_shared) WHERE dollars IS NOT NULL;
CREATE INDEX scopes_shared ON scopes (scope) WHERE is_shared = 1;
CREATE INDEX roll_ups_day ON roll_ups (day, scope);
`,
}
