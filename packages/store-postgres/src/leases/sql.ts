function claimSql(order: string, wait: string): string {
  return `WITH chosen AS MATERIALIZED (SELECT id FROM runs WHERE ready AND definition || '@' || version = ANY ($1::text[])
      ORDER BY ${order} LIMIT $2 FOR NO KEY UPDATE ${wait})
    UPDATE runs SET status = 'running', owner = $3, epoch = epoch + 1, ready = false, wake_at = NULL
    FROM chosen WHERE runs.id = chosen.id
    RETURNING runs.id, run_id, epoch, tenant, definition, version, priority, deadline_at`
}

type LeaseStatement =
  | 'join'
  | 'beat'
  | 'deleteEngineAt'
  | 'deleteEngine'
  | 'lockOwned'
  | 'freeRuns'
  | 'wakeDue'
  | 'claim'
  | 'claimHeld'
  | 'isLeft'
  | 'releaseWaiting'
  | 'releaseQueued'
  | 'engines'
  | 'nextWakeAt'
  | 'mailOf'
  | 'isClaimable'

/** The statements of leases. Engines are locked before runs, and runs in the order of their keys: see `write/sql.ts`. */
export const leaseSql: Readonly<Record<LeaseStatement, string>> = {
  join: 'INSERT INTO engines (engine, beat) VALUES ($1, 0) ON CONFLICT (engine) DO NOTHING',
  beat: 'UPDATE engines SET beat = beat + 1 WHERE engine = $1',
  // Waits for transactions that give runs to this engine.
  deleteEngineAt: 'DELETE FROM engines WHERE engine = $1 AND beat = $2',
  deleteEngine: 'DELETE FROM engines WHERE engine = $1',
  // runs_owner
  lockOwned: 'SELECT id FROM runs WHERE owner = $1 ORDER BY id FOR NO KEY UPDATE',
  // The epoch rises, so that an append of the old owner that is still under way is refused.
  freeRuns: `UPDATE runs SET status = 'queued', owner = NULL, ready = true, epoch = epoch + 1
    WHERE id = ANY ($1::bigint[])`,

  // runs_wake. By the clock of the server, which all processes share. What another transaction holds is not waited for.
  wakeDue: `UPDATE runs SET ready = true, wake_at = NULL WHERE id IN (SELECT id FROM runs
    WHERE wake_at <= extract(epoch FROM clock_timestamp()) * 1000 ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)`,
  // runs_ready gives the order, so the scan stops at the limit. What another transaction holds is not waited for.
  claim: claimSql('priority DESC, coalesce(deadline_at, 9e15), id', 'SKIP LOCKED'),
  // What was passed over, because somebody delivered to it, claimed it or tried to append to it: now it is waited for.
  claimHeld: claimSql('id', ''),
  isLeft: `SELECT EXISTS (SELECT 1 FROM runs WHERE ready AND definition || '@' || version = ANY ($1::text[])) AS "isLeft"`,
  // inbox_pending
  releaseWaiting: `UPDATE runs SET status = 'waiting', owner = NULL, wake_at = $2,
    ready = EXISTS (SELECT 1 FROM inbox WHERE run = runs.id AND NOT taken) WHERE id = $1 RETURNING ready`,
  releaseQueued: `UPDATE runs SET status = 'queued', owner = NULL, ready = true WHERE id = $1`,

  engines: 'SELECT engine, beat FROM engines ORDER BY id',
  // runs_wake; one that has mail is claimable already.
  nextWakeAt: 'SELECT wake_at AS at FROM runs WHERE wake_at IS NOT NULL AND NOT ready ORDER BY wake_at LIMIT 1',
  // inbox_pending: little mail is pending.
  mailOf: `SELECT DISTINCT r.run_id AS run FROM inbox AS i JOIN runs AS r ON r.id = i.run
    WHERE NOT i.taken AND r.owner = $1`,
  // runs_ready, runs_wake
  isClaimable: `SELECT EXISTS (SELECT 1 FROM runs WHERE ready) OR EXISTS (SELECT 1 FROM runs
    WHERE wake_at <= extract(epoch FROM clock_timestamp()) * 1000) AS claimable`,
}
