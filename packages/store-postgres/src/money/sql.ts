/** The statements of money in a writing transaction; for the order of locks see `write/sql.ts`. */
export const moneySql = {
  // reservations_call. Locked: a sweep of another process may end the same one.
  lockReservations: `SELECT r.id, r.call, r.tenant, r.granted, r.accounts, r.swept
    FROM reservations AS r JOIN unnest($1::text[], $2::text[]) AS v (call, tenant) USING (call, tenant)
    ORDER BY r.id + 0 FOR UPDATE OF r`,
  insertReservations: `INSERT INTO reservations (call, tenant, run, granted, at_least, accounts, expires_at)
    SELECT call, tenant, run, granted::numeric, at_least, accounts, expires_at
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::float8[])
      WITH ORDINALITY AS v (call, tenant, run, granted, at_least, accounts, expires_at, number) ORDER BY number`,
  deleteReservations: 'DELETE FROM reservations WHERE id = ANY ($1::bigint[])',
  // Those that are in the ledger now.
  deleteSwept: `DELETE FROM reservations AS r USING unnest($1::text[], $2::text[]) AS v (call, tenant)
    WHERE r.call = v.call AND r.tenant = v.tenant AND r.swept`,
  // reservations_expiry; as many rows as calls outside of runs.
  expired: `SELECT id, call, tenant, granted, at_least, accounts, expires_at, swept FROM reservations
    WHERE expires_at IS NOT NULL AND (expires_at < $1 OR swept) ORDER BY id FOR UPDATE`,
  markSwept: 'UPDATE reservations SET swept = true WHERE id = ANY ($1::bigint[])',
  // As many rows as calls outside of runs. The same call id may be under way for two tenants.
  putOff: `UPDATE reservations SET expires_at = $2 WHERE id IN (SELECT id FROM reservations
    WHERE expires_at IS NOT NULL AND call = ANY ($1::text[]) ORDER BY id FOR UPDATE)`,

  // Two transactions that charge different hours of one window have no row in common that exists for sure.
  lockWindows: `SELECT pg_advisory_xact_lock(1835365488, key) FROM
    (SELECT DISTINCT hashtext(key) AS key FROM unnest($1::text[]) AS v (key) ORDER BY 1) AS keys`,
  // Locks the accounts in the order of their keys, and makes those that are charged first: in one pass, so that no two
  // transactions wait for each other. Returns those that it made. accounts primary key
  lockAccounts: `INSERT INTO accounts (key, settled, reserved, run)
    SELECT key, 0, 0, run FROM unnest($1::text[], $2::text[], $3::bigint[]) AS v (key, run, is_charged)
    WHERE is_charged = 1 OR EXISTS (SELECT 1 FROM accounts AS a WHERE a.key = v.key COLLATE "C")
    ORDER BY key COLLATE "C" ON CONFLICT (key) DO UPDATE SET run = accounts.run WHERE false RETURNING key`,
  readAccounts: 'SELECT key, settled, reserved, most FROM accounts WHERE key = ANY ($1::text[])',
  changeAccounts: `UPDATE accounts SET settled = v.settled::numeric, reserved = v.reserved::numeric, most = v.most::numeric
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS v (key, settled, reserved, most)
    WHERE accounts.key = v.key COLLATE "C"`,
  // Made for a reservation that was refused.
  dropAccounts: 'DELETE FROM accounts WHERE key = ANY ($1::text[])',

  // ledger_call. In the order of booking; positions are drawn in that order.
  insertLines: `INSERT INTO ledger (call, tenant, run, at, adjusts, kind, scopes, entry)
    SELECT call, tenant, run, at, adjusts, kind, scopes, entry
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::float8[], $5::text[], $6::text[], $7::text[], $8::text[])
      WITH ORDINALITY AS v (call, tenant, run, at, adjusts, kind, scopes, entry, number)
    ORDER BY number ON CONFLICT (call, tenant) DO NOTHING RETURNING id, call, tenant`,
  // What a removed run leaves to a new one with its id: lines with other names, as calls are named after their run.
  // ledger_past, then ledger_adjusts. A statement of its own behind the insert of the run, which may wait for the removal.
  renameAdjusts: `UPDATE ledger AS a SET adjusts = l.call || '~' || l.id
    FROM unnest($1::text[], $2::text[]) AS v (run_id, tenant)
      JOIN runs AS r ON r.run_id = v.run_id AND r.tenant = v.tenant
      JOIN ledger AS l ON l.past = v.run_id AND l.tenant = v.tenant
    WHERE a.adjusts = l.call AND a.tenant = l.tenant`,
  renamePast: `UPDATE ledger AS l SET call = l.call || '~' || l.id, past = NULL
    FROM unnest($1::text[], $2::text[]) AS v (run_id, tenant)
      JOIN runs AS r ON r.run_id = v.run_id AND r.tenant = v.tenant
    WHERE l.past = v.run_id AND l.tenant = v.tenant`,
  // The lines that corrections are added to, and the correction before each. ledger primary key, ledger_call, ledger_adjusts
  adjusted: `SELECT a.id AS adjustment, l.at, l.scopes, l.entry, (SELECT b.entry FROM ledger AS b
      WHERE b.adjusts = a.adjusts AND b.tenant = a.tenant AND b.id < a.id ORDER BY b.id DESC LIMIT 1) AS before
    FROM ledger AS a JOIN ledger AS l ON l.call = a.adjusts AND l.tenant = a.tenant WHERE a.id = ANY ($1::bigint[])`,

  // roll_ups primary key, in its order.
  addRollUps: `INSERT INTO roll_ups AS r (scope, tenant, day, model, pico, saved, calls, unpriced, unknown, input, cache_read,
      cache_write, output, reasoning)
    SELECT scope, tenant, day, model, pico::numeric, saved::numeric, calls, unpriced, unknown, input, cache_read,
      cache_write, output, reasoning
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[],
        $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[])
      AS v (scope, tenant, day, model, pico, saved, calls, unpriced, unknown, input, cache_read, cache_write, output,
        reasoning)
    ORDER BY scope COLLATE "C", tenant COLLATE "C", day COLLATE "C", model COLLATE "C"
    ON CONFLICT (scope, tenant, day, model) DO UPDATE SET pico = r.pico + excluded.pico, saved = r.saved + excluded.saved,
      calls = r.calls + excluded.calls, unpriced = r.unpriced + excluded.unpriced, unknown = r.unknown + excluded.unknown,
      input = r.input + excluded.input, cache_read = r.cache_read + excluded.cache_read,
      cache_write = r.cache_write + excluded.cache_write, output = r.output + excluded.output,
      reasoning = r.reasoning + excluded.reasoning`,

  // totals primary key, in its order, then scope_names primary key, in its order. A row without xmax was inserted and not
  // updated: only the names of such rows can be new, or new to a tenant. Their rows are locked, so that of two tenants that use
  // a name at the same time one sees the other. Returns the names that others use too.
  addTotals: `WITH added AS (INSERT INTO totals AS t (scope, tenant, pico, saved, calls, unpriced, unknown, input, cache_read,
        cache_write, output, reasoning)
      SELECT scope, tenant, pico::numeric, saved::numeric, calls, unpriced, unknown, input, cache_read, cache_write, output,
        reasoning
      FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
          $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
        AS v (scope, tenant, pico, saved, calls, unpriced, unknown, input, cache_read, cache_write, output, reasoning)
      ORDER BY scope COLLATE "C", tenant COLLATE "C"
      ON CONFLICT (scope, tenant) DO UPDATE SET pico = t.pico + excluded.pico, saved = t.saved + excluded.saved,
        calls = t.calls + excluded.calls, unpriced = t.unpriced + excluded.unpriced, unknown = t.unknown + excluded.unknown,
        input = t.input + excluded.input, cache_read = t.cache_read + excluded.cache_read,
        cache_write = t.cache_write + excluded.cache_write, output = t.output + excluded.output,
        reasoning = t.reasoning + excluded.reasoning
      RETURNING scope, tenant, xmax = 0 AS is_new),
    named AS (INSERT INTO scope_names AS n (scope, tenant, is_shared)
      SELECT scope, min(tenant), count(*) > 1 FROM added WHERE is_new AND scope <> '' GROUP BY scope ORDER BY scope
      ON CONFLICT (scope) DO UPDATE SET is_shared = n.is_shared OR excluded.is_shared OR n.tenant <> excluded.tenant
      RETURNING scope, is_shared)
    SELECT scope FROM named WHERE is_shared`,
  // totals primary key, in its order. Of all tenants, those of others too.
  shareTotals: 'UPDATE totals SET is_shared = true WHERE scope = ANY ($1::text[]) AND NOT is_shared',

  // alerts unique alert
  tellAlert: `INSERT INTO alerts (alert, at, key, mark, settled, reserved, most)
    SELECT $1, floor(extract(epoch FROM clock_timestamp()) * 1000), $2, $3, $4, $5, $6
    WHERE NOT EXISTS (SELECT 1 FROM alerts WHERE alert = ANY ($7::text[])) ON CONFLICT (alert) DO NOTHING`,
  raiseAlert: `INSERT INTO alerts (alert, at, key, mark, settled, reserved, most) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (alert) DO NOTHING`,
  takeAlertsOff: `UPDATE alerts SET is_told = true WHERE id IN
    (SELECT id FROM alerts WHERE alert = ANY ($1::text[]) ORDER BY id FOR UPDATE)`,

  setLimit: `INSERT INTO accounts (key, settled, reserved, most, run) VALUES ($1, 0, 0, $2::numeric, $3)
    ON CONFLICT (key) DO UPDATE SET most = excluded.most`,
} as const
