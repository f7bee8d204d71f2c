/** The statements of money, run as those of `sql.ts` are. Each names the index it uses when that is not the rowid. */
export const moneySql = {
  // scopes_scope
  findScope: 'SELECT id FROM scopes WHERE scope = ? AND tenant = ?',
  insertScope: `INSERT INTO scopes (scope, tenant, is_shared)
    VALUES (?1, ?2, ?1 <> '' AND EXISTS (SELECT 1 FROM scopes WHERE scope = ?1))`,
  // scopes_scope
  shareScope: 'UPDATE scopes SET is_shared = 1 WHERE scope = ?1 AND tenant <> ?2 AND is_shared = 0',
  findScopeName: 'SELECT scope, tenant FROM scopes WHERE id = ?',
  // models unique model
  findModel: 'SELECT id FROM models WHERE model = ?',
  insertModel: 'INSERT INTO models (model) VALUES (?)',

  // accounts unique key
  findAccount: 'SELECT id, settled, reserved, most FROM accounts WHERE key = ?',
  insertAccount: 'INSERT INTO accounts (settled, reserved, most, key, run) VALUES (?, ?, ?, ?, ?)',
  updateAccount: 'UPDATE accounts SET settled = ?, reserved = ?, most = ? WHERE id = ?',

  lastReservation: 'SELECT ifnull(max(id), 0) AS id FROM reservations',
  // reservations_call
  findReservation: `SELECT id, call, tenant, run, granted, at_least, accounts, expires_at, swept
    FROM reservations WHERE call = ? AND tenant = ?`,
  // A scan: there are as many rows as calls under way.
  allReservations: `SELECT id, call, tenant, run, granted, at_least, accounts, expires_at, swept FROM reservations`,
  deleteReservations: 'DELETE FROM reservations WHERE id IN (SELECT value FROM json_each(?))',
  // A scan: there are as many rows as calls under way. The same call id may be under way for two tenants.
  putOff: `UPDATE reservations SET expires_at = ?
    WHERE expires_at IS NOT NULL AND call IN (SELECT value FROM json_each(?))`,
  expired: `SELECT id, call, tenant, run, granted, at_least, accounts, expires_at, swept
    FROM reservations WHERE expires_at < ? OR swept = 1 ORDER BY id`,
  sweep: 'UPDATE reservations SET swept = 1 WHERE id = ?',

  // ledger_call
  insertLine: `INSERT INTO ledger (call, tenant, run, at, adjusts, kind, scopes, entry) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (call, tenant) DO NOTHING`,
  // ledger_call
  findLine: 'SELECT at, scopes, entry FROM ledger WHERE call = ? AND tenant = ?',
  // ledger_adjusts
  findLastAdjustment: 'SELECT entry FROM ledger WHERE adjusts = ? AND tenant = ? ORDER BY id DESC LIMIT 1',

  // roll_ups primary key. Both parts below one dollar are positive, so dividing rounds as it should.
  addRollUp: `INSERT INTO roll_ups (scope, day, model, dollars, pico, saved_dollars, saved_pico, calls, unpriced, unknown,
      input, cache_read, cache_write, output, reasoning)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (scope, day, model) DO UPDATE SET
      dollars = dollars + excluded.dollars + (pico + excluded.pico) / 1000000000000,
      pico = (pico + excluded.pico) % 1000000000000,
      saved_dollars = saved_dollars + excluded.saved_dollars + (saved_pico + excluded.saved_pico) / 1000000000000,
      saved_pico = (saved_pico + excluded.saved_pico) % 1000000000000,
      calls = calls + excluded.calls, unpriced = unpriced + excluded.unpriced, unknown = unknown + excluded.unknown,
      input = input + excluded.input, cache_read = cache_read + excluded.cache_read,
      cache_write = cache_write + excluded.cache_write, output = output + excluded.output,
      reasoning = reasoning + excluded.reasoning`,

  // By rowid. As above, for all days and models; bound numbers are not whole until they are cast.
  addTotal: `UPDATE scopes SET
      dollars = ifnull(dollars, 0) + CAST(?2 AS INTEGER) + (pico + CAST(?3 AS INTEGER)) / 1000000000000, pico = (pico + CAST(?3 AS INTEGER)) % 1000000000000,
      saved_dollars = saved_dollars + CAST(?4 AS INTEGER) + (saved_pico + CAST(?5 AS INTEGER)) / 1000000000000,
      saved_pico = (saved_pico + CAST(?5 AS INTEGER)) % 1000000000000,
      calls = calls + ?6, unpriced = unpriced + ?7, unknown = unknown + ?8, input = input + ?9,
      cache_read = cache_read + ?10, cache_write = cache_write + ?11, output = output + ?12, reasoning = reasoning + ?13
    WHERE id = ?1`,

  // alerts unique alert
  insertAlert: `INSERT INTO alerts (alert, at, key, mark, settled, reserved, most) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (alert) DO NOTHING`,
  findAlert: 'SELECT 1 FROM alerts WHERE alert = ?',
  takeAlertsOff: 'UPDATE alerts SET is_told = 1 WHERE alert IN (SELECT value FROM json_each(?))',
  now: `SELECT unixepoch('subsec') * 1000 AS now`,
} as const

/** Rows of one statement at most: see `maxEventRows`. */
export const maxReservationRows = 8

/** Inserts that many reservations. */
export function insertReservationsSql(rows: number): string {
  const values = Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ')
  return `INSERT INTO reservations (id, call, tenant, run, granted, at_least, accounts, expires_at) VALUES ${values}`
}
