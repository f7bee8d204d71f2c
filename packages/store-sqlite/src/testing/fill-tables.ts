import type { DatabaseSync } from 'node:sqlite'
import { fillTotals } from '../schema/008-totals.ts'

/** Events of a run. */
const perRun = 25

/**
 * Fills the tables of a store as if runs had made so many events: of tenants, definitions and statuses that are common and
 * rare, with children, mail, blobs, lines of the ledger, sums and balances. For looking at plans and times only: nothing of it
 * can be run.
 */
export function fillTables(db: DatabaseSync, events: number): void {
  db.exec('BEGIN')
  for (const statement of statementsFor(Math.floor(events / perRun))) db.exec(statement)
  db.exec('COMMIT')
}

/** How each table is filled, in order. `n` counts runs. In SQLite `||` comes before all other operators. */
function statementsFor(runs: number): readonly string[] {
  const numbers = (most: number, name: string): string =>
    `${name} (${name === 'numbers' ? 'n' : name}) AS (SELECT 1 UNION ALL SELECT ${name === 'numbers' ? 'n' : name} + 1 FROM ${name} LIMIT ${most})`
  const times = (most: number): string => `WITH RECURSIVE ${numbers(most, 'k')}`
  return [
    `INSERT INTO engines (id, engine, beat) VALUES (1, 'engine-1', 1), (2, 'engine-2', 1)`,
    `WITH RECURSIVE ${numbers(runs, 'numbers')},
      s AS (SELECT n, CASE WHEN n % 100 < 92 THEN 'completed' WHEN n % 100 < 96 THEN 'failed' WHEN n % 100 < 98 THEN 'waiting'
        WHEN n % 1000 = 98 THEN 'running' WHEN n % 1000 = 99 THEN 'queued' ELSE 'cancelled' END AS status FROM numbers)
      INSERT INTO runs (run_id, tenant, definition, version, session_id, fingerprint, parent_run, parent_number,
        parent_child, priority, created_at, status, epoch, owner, ready, wake_at, ended_at)
      SELECT 'run-' || n, CASE WHEN n % 2000 = 0 THEN 'rare' WHEN n % 10 < 7 THEN 'big' ELSE 'small-' || (n % 50) END,
        iif(n % 3000 = 1, 'rare', 'agent-' || (n % 8)), '1', 'session-' || iif(n % 10 < 7, n / 5, n), 'f',
        iif(n % 10 >= 5, 'run-' || (n - n % 10), NULL), iif(n % 10 >= 5, n % 10, NULL), iif(n % 10 >= 5, 'child', NULL),
        n % 3, n * 1000.0, status, 1, iif(status = 'running', 1 + n % 2, NULL), status = 'queued',
        iif(status = 'waiting', 4e12, NULL), iif(status IN ('completed', 'failed', 'cancelled'), n * 1000.0 + 500, NULL) FROM s`,
    `${times(perRun)} INSERT INTO events (run, seq, at, type, data)
      SELECT r.id, k, r.created_at + k, iif(k = 1, 'run.created', 'progress.reported'),
        '{"message":"' || hex(zeroblob(120)) || '"}' FROM k CROSS JOIN runs AS r`,
    `${times(2)} INSERT INTO inbox (run, delivery_id, kind, name, data, taken)
      SELECT id, 'd-' || k, 'signal', 'go-' || k, '1', status <> 'waiting' OR id % 10 > 0 FROM runs CROSS JOIN k WHERE id % 2 = 0`,
    `INSERT INTO blobs (tenant, hash, body) SELECT tenant, 'hash of ' || run_id, hex(zeroblob(10000)) FROM runs WHERE id % 20 = 0`,
    `INSERT INTO blob_puts (blob, put_at) SELECT id, 1 FROM blobs WHERE id % 50 = 0`,
    `INSERT INTO blob_uses (run, blob) SELECT id * 20, id FROM blobs WHERE id % 50 > 0`,
    `INSERT INTO scopes (scope, tenant) SELECT DISTINCT '', tenant FROM runs`,
    `INSERT INTO scopes (scope, tenant) SELECT DISTINCT 'agent:' || definition, tenant FROM runs`,
    `INSERT INTO scopes (scope, tenant) SELECT 'run:' || run_id, tenant FROM runs`,
    `INSERT INTO scopes (scope, tenant) SELECT DISTINCT 'session:' || session_id, tenant FROM runs`,
    `INSERT INTO scopes (scope, tenant) SELECT DISTINCT 'user:u' || (id % 500), tenant FROM runs`,
    `INSERT INTO models (model) VALUES ('p:m')`,
    `${times(3)} INSERT INTO ledger (call, tenant, run, at, adjusts, kind, scopes, entry)
      SELECT r.run_id || '/' || k || '/1.1', t.id, r.id, r.created_at + k, NULL, 'call', '[' || t.id || ']',
        '{"target":"p:m","outcome":"ok","usage":{"input":100,"cacheRead":0,"cacheWrite":0,"output":10,"reasoning":0,"calls":1},"startedAt":1,"durationMs":1,"try":1,"cost":{"status":"settled","picoDollars":"7"}}'
      FROM runs AS r CROSS JOIN k JOIN scopes AS t ON t.scope = '' AND t.tenant = r.tenant ORDER BY r.id, k`,
    `INSERT INTO ledger (call, tenant, run, at, adjusts, kind, scopes, entry)
      SELECT call || '~a', tenant, run, at, call, 'adjust', scopes, entry FROM ledger WHERE id % 300 = 0`,
    `${times(28)} INSERT INTO roll_ups (scope, day, model, dollars, pico, saved_dollars, saved_pico, calls, unpriced, unknown, input,
        cache_read, cache_write, output, reasoning)
      SELECT s.id, printf('2026-11-%02d', k), 1, 0, 21 + s.id, 0, 0, 3, 0, 0, 300, 0, 0, 30, 0 FROM scopes AS s CROSS JOIN k
      WHERE k = 1 + s.id % 28 OR s.scope = '' OR s.scope LIKE 'agent:%' OR s.scope LIKE 'user:%'`,
    fillTotals,
    `INSERT INTO accounts (key, settled, reserved, most, run) SELECT 'run:' || run_id, '21', '0', '1000000', run_id FROM runs`,
    `${times(500)} INSERT INTO accounts (key, settled, reserved, most) SELECT 'daily/user:u' || k, '100', '7', '1000' FROM k`,
    `INSERT INTO reservations (call, tenant, run, granted, at_least, accounts, expires_at)
      SELECT r.run_id || '/9/1.1', t.id, iif(r.id % 2 = 0, r.id, NULL), '7', '7', '[{"key":"run:' || r.run_id || '"}]',
        iif(r.id % 2 = 1, 4e12, NULL)
      FROM runs AS r JOIN scopes AS t ON t.scope = '' AND t.tenant = r.tenant WHERE r.status = 'running'`,
    `${times(Math.ceil(runs / 20))} INSERT INTO alerts (alert, at, key, mark, settled, reserved, most, is_told)
      SELECT 'a-' || k, k, 'k', '80', '8', '0', '10', k % 500 > 0 FROM k`,
  ]
}
