const isWanted = `definition || '@' || version = ANY ($1::text[])`
const byRight = 'priority DESC, coalesce(deadline_at, 9e15), id'
const isDue = 'wake_at <= extract(epoch FROM clock_timestamp()) * 1000'

/** runs_ready and runs_ready_workflows give the order, so both scans stop at their limits. $4: places, or null for any number. */
function claimSql(order: string, wait: string): string {
  const columns = 'id, priority, deadline_at'
  return `WITH others AS MATERIALIZED (SELECT ${columns} FROM runs
      WHERE ready AND place IS DISTINCT FROM 0 AND ${isWanted} ORDER BY ${order} LIMIT $2 FOR NO KEY UPDATE ${wait}),
    workflows AS MATERIALIZED (SELECT ${columns} FROM runs WHERE ready AND place = 0 AND ${isWanted} ORDER BY ${order}
      LIMIT greatest(0, least($2, $4::float8 - (SELECT count(*) FROM runs WHERE place = 1)))::bigint
      FOR NO KEY UPDATE ${wait}),
    chosen AS MATERIALIZED (SELECT id FROM (SELECT * FROM others UNION ALL SELECT * FROM workflows) AS both_orders
      ORDER BY ${byRight} LIMIT $2)
    UPDATE runs SET status = 'running', owner = $3, epoch = epoch + 1, ready = false, wake_at = NULL,
      place = CASE place WHEN 0 THEN 1 ELSE place END
    FROM chosen WHERE runs.id = chosen.id
    RETURNING runs.id, run_id, epoch, tenant, definition, version, priority, deadline_at`
}

/** Whether a workflow without a place may be claimed while so many may be held. */
function mayTakePlace(most: string): string {
  return `(${most}::float8 IS NULL OR (SELECT count(*) FROM runs WHERE place = 1) < ${most}::float8)`
}

type LeaseStatement =
  | 'join'
  | 'offer'
  | 'offered'
  | 'orphans'
  | 'adopt'
  | 'beat'
  | 'deleteEngineAt'
  | 'deleteEngine'
  | 'lockOwned'
  | 'freeRuns'
  | 'lockPlaces'
  | 'wakeDue'
  | 'claim'
  | 'claimHeld'
  | 'isLeft'
  | 'take'
  | 'releaseWaiting'
  | 'releaseQueued'
  | 'owned'
  | 'engines'
  | 'nextWakeAt'
  | 'mailOf'
  | 'isClaimable'

/** The statements of leases. Engines are locked before runs, and runs in the order of their keys: see `write/sql.ts`. */
export const leaseSql: Readonly<Record<LeaseStatement, string>> = {
  join: 'INSERT INTO engines (engine, beat) VALUES ($1, 0) ON CONFLICT (engine) DO NOTHING',
  beat: 'UPDATE engines SET beat = beat + 1 WHERE engine = $1',
  offer: 'UPDATE engines SET offers = $2 WHERE engine = $1',
  // Waits for transactions that give runs to this engine.
  deleteEngineAt: 'DELETE FROM engines WHERE engine = $1 AND beat = $2',
  deleteEngine: 'DELETE FROM engines WHERE engine = $1',
  // runs_owner
  lockOwned: 'SELECT id, place FROM runs WHERE owner = $1 ORDER BY id + 0 FOR NO KEY UPDATE',
  // The epoch rises, so that an append of the old owner that is still under way is refused.
  freeRuns: `UPDATE runs SET status = 'queued', owner = NULL, ready = true, epoch = epoch + 1,
    place = CASE place WHEN 1 THEN 0 ELSE place END
    WHERE id = ANY ($1::bigint[])`,

  // runs_ready_workflows, runs_wake. Who may take a place waits for all others who may, and then counts: places are as many
  // as were committed. Nobody is held up while no workflow waits. The key: "plac" in ASCII, and the schema.
  lockPlaces: `SELECT pg_advisory_xact_lock(1886151011, hashtext(current_schema())) WHERE EXISTS (SELECT 1 FROM runs
      WHERE ready AND place = 0 AND ${isWanted})
    OR EXISTS (SELECT 1 FROM runs WHERE ${isDue} AND place = 0 AND ${isWanted})`,
  // runs_wake. By the clock of the server, which all processes share. What another transaction holds is not waited for.
  wakeDue: `UPDATE runs SET ready = true, wake_at = NULL WHERE id IN (SELECT id FROM runs
    WHERE ${isDue} ORDER BY id + 0 FOR NO KEY UPDATE SKIP LOCKED)`,
  // What another transaction holds is not waited for.
  claim: claimSql(byRight, 'SKIP LOCKED'),
  // What was passed over, because somebody delivered to it, claimed it or tried to append to it: now it is waited for.
  claimHeld: claimSql('id + 0', ''),
  isLeft: `SELECT EXISTS (SELECT 1 FROM runs WHERE ready AND place IS DISTINCT FROM 0 AND ${isWanted})
    OR (EXISTS (SELECT 1 FROM runs WHERE ready AND place = 0 AND ${isWanted}) AND ${mayTakePlace('$2')}) AS "isLeft"`,
  // runs unique run_id. An ended run has no owner. An append of the old owner that is under way is waited for.
  take: `UPDATE runs SET owner = $1, epoch = epoch + 1 WHERE run_id = $2 AND epoch = $3 AND owner IS NOT NULL
    RETURNING id, run_id, epoch, tenant, definition, version, priority, deadline_at`,
  // runs unique run_id. Only who has no owner and has not ended is ready.
  adopt: `UPDATE runs SET status = 'running', owner = $1, epoch = epoch + 1, ready = false, wake_at = NULL,
    place = CASE place WHEN 0 THEN 2 ELSE place END WHERE run_id = $2 AND epoch = $3 AND ready
    RETURNING id, run_id, epoch, tenant, definition, version, priority, deadline_at`,
  // inbox_pending
  releaseWaiting: `UPDATE runs SET status = 'waiting', owner = NULL, wake_at = $2,
    place = CASE place WHEN 1 THEN $3 ELSE place END,
    ready = EXISTS (SELECT 1 FROM inbox WHERE run = runs.id AND NOT taken) WHERE id = $1 RETURNING ready`,
  releaseQueued: `UPDATE runs SET status = 'queued', owner = NULL, ready = true,
    place = CASE place WHEN 1 THEN 0 ELSE place END WHERE id = $1`,

  // runs_owner
  owned: `SELECT id, run_id, epoch, tenant, definition, version, priority, deadline_at FROM runs
    WHERE owner = $1 ORDER BY id`,
  offered: 'SELECT DISTINCT unnest(offers) AS key FROM engines',
  // inbox_pending, then runs by primary key: little mail is pending.
  orphans: `SELECT r.run_id AS "runId", r.tenant, r.epoch FROM runs AS r
    WHERE r.id IN (SELECT run FROM inbox WHERE NOT taken AND kind = 'cancel') AND r.ready
      AND NOT EXISTS (SELECT 1 FROM engines WHERE r.definition || '@' || r.version = ANY (offers)) ORDER BY r.id LIMIT $1`,
  engines: 'SELECT engine, beat FROM engines ORDER BY id',
  // runs_wake; one that has mail is claimable already.
  nextWakeAt: 'SELECT wake_at AS at FROM runs WHERE wake_at IS NOT NULL AND NOT ready ORDER BY wake_at LIMIT 1',
  // inbox_pending: little mail is pending.
  mailOf: `SELECT DISTINCT r.run_id AS run FROM inbox AS i JOIN runs AS r ON r.id = i.run
    WHERE NOT i.taken AND r.owner = $1`,
  // runs_ready, runs_wake, runs_ready_workflows, runs_places
  isClaimable: `SELECT EXISTS (SELECT 1 FROM runs WHERE ready AND place IS DISTINCT FROM 0)
    OR EXISTS (SELECT 1 FROM runs WHERE ${isDue})
    OR (EXISTS (SELECT 1 FROM runs WHERE ready AND place = 0) AND ${mayTakePlace('$1')}) AS claimable`,
}
