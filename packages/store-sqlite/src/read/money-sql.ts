// Sums of whole dollars and of what is below a dollar, put together again so that both parts are exact as numbers.
const sums = `sum(r.dollars) + sum(r.pico) / 1000000000000 AS dollars, sum(r.pico) % 1000000000000 AS pico,
    sum(r.saved_dollars) + sum(r.saved_pico) / 1000000000000 AS saved_dollars,
    sum(r.saved_pico) % 1000000000000 AS saved_pico,
    sum(r.calls) AS calls, sum(r.unpriced) AS unpriced, sum(r.unknown) AS unknown, sum(r.input) AS input,
    sum(r.cache_read) AS cache_read, sum(r.cache_write) AS cache_write, sum(r.output) AS output,
    sum(r.reasoning) AS reasoning`
const dearestFirst = 'ORDER BY dollars DESC, pico DESC, name LIMIT ?5'

/** One scope, grouped by something of the roll-up: scopes_scope, then the primary key of roll_ups. */
function byPart(part: string, join = ''): string {
  return `SELECT ${part} AS name, ${sums} FROM scopes AS s JOIN roll_ups AS r ON r.scope = s.id ${join}
    WHERE s.scope = ?1 AND (?2 IS NULL OR s.tenant = ?2) AND r.day >= ?3 AND r.day <= ?4 GROUP BY name ${dearestFirst}`
}

/**
 * Many scopes that begin alike: a range of an index whose order is that of the groups. Which are the dearest is found
 * first; everything else is summed up for those alone.
 */
function byScope(tenant: string, index: string): string {
  return `WITH dearest (name) AS (
      SELECT s.scope FROM scopes AS s INDEXED BY ${index} CROSS JOIN roll_ups AS r ON r.scope = s.id
      WHERE ${tenant} s.scope >= ?1 AND s.scope < ?6 AND r.day >= ?3 AND r.day <= ?4
      GROUP BY s.scope
      ORDER BY sum(r.dollars) + sum(r.pico) / 1000000000000 DESC, sum(r.pico) % 1000000000000 DESC, s.scope LIMIT ?5)
    SELECT dearest.name AS name, ${sums} FROM dearest CROSS JOIN scopes AS s ON s.scope = dearest.name
      CROSS JOIN roll_ups AS r ON r.scope = s.id
    WHERE ${tenant} r.day >= ?3 AND r.day <= ?4 GROUP BY dearest.name ${dearestFirst}`
}

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
  // scopes_scope
  costsByScope: byScope('(?2 IS NULL) AND', 'scopes_scope'),
  // scopes_tenant
  costsByScopeOfTenant: byScope('s.tenant = ?2 AND', 'scopes_tenant'),

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
