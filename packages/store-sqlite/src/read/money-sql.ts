// Sums of whole dollars and of what is below a dollar, put together again so that both parts are exact as numbers.
const sums = `sum(r.dollars) + sum(r.pico) / 1000000000000 AS dollars, sum(r.pico) % 1000000000000 AS pico,
    sum(r.saved_dollars) + sum(r.saved_pico) / 1000000000000 AS saved_dollars,
    sum(r.saved_pico) % 1000000000000 AS saved_pico,
    sum(r.calls) AS calls, sum(r.unpriced) AS unpriced, sum(r.unknown) AS unknown, sum(r.input) AS input,
    sum(r.cache_read) AS cache_read, sum(r.cache_write) AS cache_write, sum(r.output) AS output,
    sum(r.reasoning) AS reasoning`
const dearestFirst = 'ORDER BY dollars DESC, pico DESC, name'

/** One scope, grouped by something of the roll-up: scopes_scope, then the primary key of roll_ups. */
function byPart(part: string, join = ''): string {
  return `SELECT ${part} AS name, ${sums} FROM scopes AS s JOIN roll_ups AS r ON r.scope = s.id ${join}
    WHERE s.scope = ?1 AND (?2 IS NULL OR s.tenant = ?2) AND r.day >= ?3 AND r.day <= ?4 GROUP BY name ${dearestFirst} LIMIT ?5`
}

/**
 * Many scopes that begin alike, on some days: every roll-up of these days is looked at (roll_ups_day). Which are the dearest is
 * found first; everything else is summed up for those alone.
 */
function byScopeInDays(tenant: string): string {
  return `WITH dearest (name) AS (
      SELECT s.scope FROM roll_ups AS r INDEXED BY roll_ups_day CROSS JOIN scopes AS s ON s.id = r.scope
      WHERE r.day >= ?3 AND r.day <= ?4 AND s.kind = ?1 ${tenant} GROUP BY s.scope
      ORDER BY sum(r.dollars) + sum(r.pico) / 1000000000000 DESC, sum(r.pico) % 1000000000000 DESC, s.scope LIMIT ?5)
    SELECT dearest.name AS name, ${sums} FROM dearest CROSS JOIN scopes AS s ON s.scope = dearest.name
      CROSS JOIN roll_ups AS r ON r.scope = s.id
    WHERE r.day >= ?3 AND r.day <= ?4 ${tenant} GROUP BY dearest.name ${dearestFirst}`
}

/** The dearest of a tenant, in the order of scopes_dearest. */
const dearestOfTenant = 'ORDER BY s.dollars DESC, s.pico DESC, s.scope LIMIT ?2'

/**
 * The same of all tenants. A name that one tenant uses is among its dearest or not among those of all; the others are few, and
 * added up (scopes_shared). As above, everything else is summed up for the dearest alone (scopes_scope).
 */
const byScope = `WITH tenants (tenant) AS (SELECT tenant FROM scopes WHERE scope = ''),
    found (name, dollars, pico) AS (
      SELECT f.scope, f.dollars, f.pico FROM tenants CROSS JOIN scopes AS f ON f.id IN (
        SELECT s.id FROM scopes AS s INDEXED BY scopes_dearest WHERE s.tenant = tenants.tenant AND s.kind = ?1
          AND s.dollars IS NOT NULL AND s.is_shared = 0 ${dearestOfTenant})
      UNION ALL
      SELECT s.scope, sum(s.dollars) + sum(s.pico) / 1000000000000, sum(s.pico) % 1000000000000
      FROM scopes AS s INDEXED BY scopes_shared
      WHERE s.is_shared = 1 AND s.scope >= ?1 || ':' AND s.scope < ?1 || ';' AND s.dollars IS NOT NULL GROUP BY s.scope),
    dearest (name) AS (SELECT name FROM found ORDER BY dollars DESC, pico DESC, name LIMIT ?2)
    SELECT dearest.name AS name, ${sums} FROM dearest CROSS JOIN scopes AS r ON r.scope = dearest.name
    GROUP BY dearest.name ${dearestFirst}`

const totalOfScope = `s.scope AS name, s.dollars AS dollars, s.pico AS pico, s.saved_dollars AS saved_dollars,
    s.saved_pico AS saved_pico, s.calls AS calls, s.unpriced AS unpriced, s.unknown AS unknown, s.input AS input,
    s.cache_read AS cache_read, s.cache_write AS cache_write, s.output AS output, s.reasoning AS reasoning`

/** In the order of booking. */
function linesOf(condition: string): string {
  return `SELECT l.id AS id, l.call AS call, l.at AS at, l.kind AS kind, l.adjusts AS adjusts, l.entry AS entry,
      t.tenant AS tenant, r.run_id AS run_id, l.scopes AS scopes
    FROM ledger AS l CROSS JOIN scopes AS t ON t.id = l.tenant LEFT JOIN runs AS r ON r.id = l.run
    WHERE l.id > ?1 AND l.id <= ?2 AND l.at >= ?3 AND l.at <= ?4 ${condition} ORDER BY l.id LIMIT ?5`
}

/** How far the next lines reach, of which few may be of a time. */
function windowOf(condition: string): string {
  return `SELECT count(*) AS count, max(id) AS last
    FROM (SELECT l.id FROM ledger AS l WHERE l.id > ?1 ${condition} ORDER BY l.id LIMIT ?2)`
}
const ofTenant = (name: string): string =>
  `AND l.tenant = (SELECT id FROM scopes WHERE scope = '' AND tenant = ${name})`

/** Their names. */
export type MoneyStatement =
  | 'costsInTotal'
  | 'costsByDay'
  | 'costsByModel'
  | 'costsByScope'
  | 'costsByScopeOfTenant'
  | 'chargedDays'
  | 'costsByScopeInDays'
  | 'costsByScopeInDaysOfTenant'
  | 'ledger'
  | 'ledgerOfTenant'
  | 'ledgerOfRun'
  | 'ledgerWindow'
  | 'ledgerWindowOfTenant'
  | 'ledgerWindowOfRun'
  | 'scopeName'
  | 'line'
  | 'adjustmentBefore'
  | 'reservations'
  | 'balance'
  | 'accounts'
  | 'alerts'

/** The statements of reports and lists of money; see `sql.ts`. A NULL tenant stands for the system scope. */
export const moneySql: Readonly<Record<MoneyStatement, string>> = {
  costsInTotal: byPart("'total'"),
  costsByDay: byPart('r.day'),
  costsByModel: byPart('m.model', 'JOIN models AS m ON m.id = r.model'),
  costsByScope: byScope,
  // scopes_dearest
  costsByScopeOfTenant: `SELECT ${totalOfScope} FROM scopes AS s INDEXED BY scopes_dearest
    WHERE s.tenant = ?3 AND s.kind = ?1 AND s.dollars IS NOT NULL ${dearestOfTenant}`,
  // The first and the last day of all: roll_ups_day
  chargedDays: `SELECT (SELECT min(day) FROM roll_ups) AS first, (SELECT max(day) FROM roll_ups) AS last`,
  costsByScopeInDays: byScopeInDays('AND ?2 IS NULL'),
  costsByScopeInDaysOfTenant: byScopeInDays('AND s.tenant = ?2'),

  // By rowid, ledger_tenant or ledger_run.
  ledger: linesOf(''),
  ledgerOfTenant: linesOf(ofTenant('?6')),
  ledgerOfRun: linesOf('AND l.run = ?6'),
  ledgerWindow: windowOf(''),
  ledgerWindowOfTenant: windowOf(ofTenant('?3')),
  ledgerWindowOfRun: windowOf('AND l.run = ?3'),
  scopeName: 'SELECT scope FROM scopes WHERE id = ?',
  // ledger_call
  line: `SELECT l.at AS at, l.entry AS entry, l.scopes AS scopes FROM ledger AS l JOIN scopes AS t ON t.id = l.tenant
    WHERE l.call = ? AND t.tenant = ?`,
  // ledger_adjusts
  adjustmentBefore: `SELECT l.entry AS entry FROM ledger AS l JOIN scopes AS t ON t.id = l.tenant
    WHERE l.adjusts = ? AND t.tenant = ? AND l.id < ? ORDER BY l.id DESC LIMIT 1`,

  // A scan: few rows are open.
  reservations: `SELECT o.call AS call, o.granted AS granted, o.at_least AS at_least, o.accounts AS accounts,
      o.expires_at AS expires_at FROM reservations AS o JOIN scopes AS t ON t.id = o.tenant
    WHERE o.swept = 0 AND (?1 IS NULL OR t.tenant = ?1) AND (?2 IS NULL OR o.run = ?2) ORDER BY o.id`,
  // accounts unique key
  balance: 'SELECT key, settled, reserved, most FROM accounts WHERE key = ?',
  // A range of the same index.
  accounts: 'SELECT key, settled, reserved, most FROM accounts WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3',
  // alerts_waiting
  alerts: `SELECT alert, at, key, mark, settled, reserved, most FROM alerts WHERE is_told = 0 ORDER BY id`,
}
