import type { Client } from 'pg'
import { fillTotals } from '../schema/005-totals.ts'

/** Events of a run. */
const perRun = 25

/**
 * Fills the tables of a store as if runs had made so many events: of tenants, definitions and statuses that are common and
 * rare, with children, mail, blobs, lines of the ledger, sums and balances. Statistics are up to date afterwards. For
 * looking at plans and times only: nothing of it can be run.
 */
export async function fillTables(client: Client, events: number): Promise<void> {
  const runs = Math.floor(events / perRun)
  if (runs === 0) return
  for (const statement of statementsFor(runs)) await client.query(statement)
  await client.query('ANALYZE')
}

/** How each table is filled, in order. `n` counts runs. */
function statementsFor(runs: number): readonly string[] {
  const numbers = `generate_series(1, ${runs}) AS v (n)`
  return [
    `INSERT INTO engines (engine, beat) VALUES ('engine-1', 1), ('engine-2', 1)`,
    `INSERT INTO runs (run_id, tenant, definition, version, session_id, fingerprint, parent_run, parent_number,
        parent_child, priority, created_at, status, epoch, owner, ready, wake_at, ended_at, last_seq)
      SELECT 'run-' || n, CASE WHEN n % 2000 = 0 THEN 'rare' WHEN n % 10 < 7 THEN 'big' ELSE 'small-' || n % 50 END,
        CASE WHEN n % 3000 = 1 THEN 'rare' ELSE 'agent-' || n % 8 END, '1', 'session-' || CASE WHEN n % 10 < 7 THEN n / 5 ELSE n END, 'f',
        CASE WHEN n % 10 >= 5 THEN 'run-' || (n - n % 10) END, CASE WHEN n % 10 >= 5 THEN n % 10 END,
        CASE WHEN n % 10 >= 5 THEN 'child' END, n % 3, n * 1000.0, status, 1,
        CASE status WHEN 'running' THEN 'engine-' || 1 + n % 2 END, status = 'queued',
        CASE status WHEN 'waiting' THEN 4e12 END, CASE WHEN status IN ('completed', 'failed', 'cancelled') THEN n * 1000.0 + 500 END,
        ${perRun}
      FROM (SELECT n, CASE WHEN n % 100 < 92 THEN 'completed' WHEN n % 100 < 96 THEN 'failed' WHEN n % 100 < 98 THEN 'waiting'
        WHEN n % 1000 = 98 THEN 'running' WHEN n % 1000 = 99 THEN 'queued' ELSE 'cancelled' END AS status FROM ${numbers}) AS s
      ORDER BY n`,
    `INSERT INTO events (id, run, seq, at, type, data)
      SELECT nextval('positions'), id, seq, created_at + seq, CASE seq WHEN 1 THEN 'run.created' ELSE 'progress.reported' END,
        '{"message":"' || repeat(md5(id || '/' || seq), 8) || '"}'
      FROM runs, generate_series(1, ${perRun}) AS v (seq) ORDER BY seq / 5, id, seq`,
    `INSERT INTO inbox (run, delivery_id, kind, name, data, taken)
      SELECT id, 'd-' || k, 'signal', 'go-' || k, '1', status <> 'waiting' OR id % 10 > 0 FROM runs, generate_series(1, 2) AS v (k)
      WHERE id % 2 = 0 ORDER BY id`,
    `INSERT INTO blobs (tenant, hash, body, put_at)
      SELECT tenant, md5(run_id), convert_to(repeat('x', 20000), 'UTF8'), CASE WHEN id % 1000 = 0 THEN 1 END
      FROM runs WHERE id % 20 = 0 ORDER BY id`,
    `INSERT INTO blob_uses (run, tenant, hash) SELECT id, tenant, md5(run_id) FROM runs WHERE id % 20 = 0 AND id % 1000 > 0`,
    `INSERT INTO ledger (call, tenant, run, at, adjusts, kind, scopes, entry)
      SELECT run_id || '/' || k || '/1.1', tenant, id, created_at + k, NULL, 'call',
        '["agent:' || definition || '","run:' || run_id || '","session:' || session_id || '","user:u' || id % 500 || '"]',
        '{"target":"p:m","outcome":"ok","usage":{"input":100,"cacheRead":0,"cacheWrite":0,"output":10,"reasoning":0,"calls":1},"startedAt":1,"durationMs":1,"try":1,"cost":{"status":"settled","picoDollars":"7"}}'
      FROM runs, generate_series(1, 3) AS v (k) ORDER BY id, k`,
    `INSERT INTO ledger (call, tenant, run, at, adjusts, kind, scopes, entry)
      SELECT call || '~a', tenant, run, at, call, 'adjust', scopes, entry FROM ledger WHERE id % 300 = 0 ORDER BY id`,
    `INSERT INTO roll_ups (tenant, scope, day, model, pico, saved, calls, unpriced, unknown, input, cache_read, cache_write,
        output, reasoning)
      SELECT tenant, scope, '2026-11-' || lpad((1 + min(id) % 28)::text, 2, '0'), 'p:m', 21 * count(*) + min(id), 0, 3 * count(*), 0, 0,
        300 * count(*), 0, 0, 30 * count(*), 0
      FROM runs, LATERAL (VALUES ('', id % 28), ('agent:' || definition, id % 28), ('run:' || run_id, 0),
        ('session:' || session_id, 0), ('user:u' || id % 500, id % 28)) AS s (scope, part)
      GROUP BY tenant, scope, part ORDER BY scope, tenant, part`,
    ...fillTotals,
    `INSERT INTO accounts (key, settled, reserved, most, run)
      SELECT 'run:' || run_id, 21, 0, 1000000, run_id FROM runs ORDER BY id`,
    `INSERT INTO accounts (key, settled, reserved, most) SELECT 'daily/user:u' || n, 100, 7, 1000 FROM generate_series(0, 499) AS v (n)`,
    `INSERT INTO reservations (call, tenant, run, granted, at_least, accounts, expires_at)
      SELECT run_id || '/9/1.1', tenant, CASE WHEN id % 2 = 0 THEN id END, 7, '7', '[{"key":"run:' || run_id || '"}]',
        CASE WHEN id % 2 = 1 THEN 4e12 END
      FROM runs WHERE status = 'running' ORDER BY id`,
    `INSERT INTO alerts (alert, at, key, mark, settled, reserved, most, is_told)
      SELECT 'a-' || n, n, 'k', '80', '8', '0', '10', n % 500 > 0 FROM generate_series(1, ${Math.ceil(runs / 20)}) AS v (n)`,
  ]
}
