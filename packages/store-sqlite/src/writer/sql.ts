/**
 * All statements of the writer. They run inside one BEGIN IMMEDIATE transaction per batch, so the write lock is held
 * and nothing that they read can change before the commit. Each names the index it uses when that is not the rowid.
 */
export const sql = {
  // Takes the write lock at once: a deferred transaction that reads and then writes fails when another was faster.
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  // Changes only when another connection wrote: as long as it stands still, what the writer remembers is true.
  dataVersion: 'PRAGMA data_version',

  // events rowid; the floor keeps ids rising after retention removed the newest events.
  lastEventId: `SELECT max(ifnull((SELECT max(id) FROM events), 0),
    ifnull((SELECT value FROM meta WHERE key = 'event_floor'), 0)) AS id`,
  removals: `SELECT count(*) AS removals FROM meta WHERE key = 'removals'`,

  // runs unique run_id; max(seq) is one seek to the end of the run in events_run.
  findRun: `SELECT id, tenant, status, epoch, owner, fingerprint, place IS NOT NULL AS is_workflow,
    ifnull((SELECT max(seq) FROM events WHERE run = runs.id), 0) AS last_seq
    FROM runs WHERE run_id = ?`,
  insertRun: `INSERT INTO runs (run_id, tenant, definition, version, session_id, fingerprint, parent_run, parent_number,
    parent_child, priority, deadline_at, created_at, status, epoch, owner, ready, place)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run_id) DO NOTHING`,
  endRun: 'UPDATE runs SET status = ?, ended_at = ?, owner = NULL, ready = 0, wake_at = NULL WHERE id = ?',
  freePlace: 'UPDATE runs SET place = 0 WHERE id = ? AND place = 1',
  reopenRun: `UPDATE runs SET status = 'queued', ended_at = NULL, owner = NULL, ready = 1, epoch = epoch + 1, place = place & 0
    WHERE id = ?`,
  // A run that is to be cancelled waits for no place.
  exempt: 'UPDATE runs SET place = 2 WHERE id = ? AND place = 0',

  // inbox_delivery
  findDelivery: 'SELECT 1 AS found FROM inbox WHERE run = ? AND delivery_id = ?',
  // inbox_signal
  findSignal: `SELECT data FROM inbox WHERE run = ? AND name = ? AND kind = 'signal'`,
  insertMail: 'INSERT INTO inbox (run, delivery_id, kind, name, data) VALUES (?, ?, ?, ?, ?)',
  // Only signals are compared later; of other mail the id is enough. inbox_delivery
  takeMail: `UPDATE inbox SET taken = 1, data = CASE kind WHEN 'signal' THEN data ELSE 'null' END
    WHERE run = ? AND delivery_id = ?`,
  wakeRun: `UPDATE runs SET ready = 1 WHERE id = ? AND status = 'waiting'`,

  // health, by its key
  findHealth: 'SELECT revision, state FROM health WHERE key = ?',
  putHealth: `INSERT INTO health (key, revision, state) VALUES (?, ?, ?)
    ON CONFLICT (key) DO UPDATE SET revision = excluded.revision, state = excluded.state`,

  putBlob: 'INSERT INTO blobs (tenant, hash, body) VALUES (?, ?, ?) ON CONFLICT (hash, tenant) DO NOTHING',
  // blobs_hash
  notePut: `INSERT OR REPLACE INTO blob_puts (blob, put_at)
    SELECT id, unixepoch('subsec') * 1000 FROM blobs WHERE hash = ? AND tenant = ?`,
  // blobs_hash
  useBlob: `INSERT INTO blob_uses (run, blob) SELECT ?, id FROM blobs WHERE hash = ? AND tenant = ?
    ON CONFLICT DO NOTHING`,
  // blobs_hash
  settlePut: 'DELETE FROM blob_puts WHERE blob = (SELECT id FROM blobs WHERE hash = ? AND tenant = ?)',

  findEngine: 'SELECT id FROM engines WHERE engine = ?',
  findEngineName: 'SELECT engine FROM engines WHERE id = ?',
  insertEngine: 'INSERT INTO engines (engine, beat) VALUES (?, 0) ON CONFLICT (engine) DO NOTHING',
  beat: 'UPDATE engines SET beat = beat + 1 WHERE engine = ?',
  offer: 'UPDATE engines SET offers = ? WHERE engine = ?',
  deleteEngineAt: 'DELETE FROM engines WHERE engine = ? AND beat = ?',
  deleteEngine: 'DELETE FROM engines WHERE engine = ?',
  // runs_owner. The epoch rises, so that an append of the old owner that is still under way is refused.
  freeRuns: `UPDATE runs SET status = 'queued', owner = NULL, ready = 1, epoch = epoch + 1, place = iif(place = 1, 0, place)
    WHERE owner = ?`,

  // runs_wake. By the clock of the database, which all processes on the file share.
  wakeDue: `UPDATE runs SET ready = 1, wake_at = NULL WHERE wake_at <= unixepoch('subsec') * 1000`,
  // runs_ready gives the order, so the scan stops at the limit.
  claimable: `SELECT id, run_id, epoch, tenant, definition, version, priority, deadline_at FROM runs
    WHERE ready = 1 AND place IS NOT 0 AND definition || '@' || version IN (SELECT value FROM json_each(?))
    ORDER BY priority DESC, ifnull(deadline_at, 9e15), id LIMIT ?`,
  // runs_ready_workflows
  claimableWorkflows: `SELECT id, run_id, epoch, tenant, definition, version, priority, deadline_at FROM runs
    WHERE ready = 1 AND place = 0 AND definition || '@' || version IN (SELECT value FROM json_each(?))
    ORDER BY priority DESC, ifnull(deadline_at, 9e15), id LIMIT ?`,
  // runs_places: as many rows as places are held.
  placesHeld: 'SELECT count(*) AS held FROM runs WHERE place = 1',
  claimRun: `UPDATE runs SET status = 'running', owner = ?, epoch = epoch + 1, ready = 0, wake_at = NULL,
    place = iif(place = 0, 1, place)
    WHERE id = ?`,
  // runs unique run_id. An ended run has no owner.
  takeRun: `UPDATE runs SET owner = ?, epoch = epoch + 1 WHERE run_id = ? AND epoch = ? AND owner IS NOT NULL
    RETURNING run_id, epoch, tenant, definition, version, priority, deadline_at`,
  // runs unique run_id. Only who has no owner and has not ended is ready.
  adoptRun: `UPDATE runs SET status = 'running', owner = ?, epoch = epoch + 1, ready = 0, wake_at = NULL,
    place = iif(place = 0, 2, place) WHERE run_id = ? AND epoch = ? AND ready = 1
    RETURNING run_id, epoch, tenant, definition, version, priority, deadline_at`,
  // inbox_pending
  releaseWaiting: `UPDATE runs SET status = 'waiting', owner = NULL, wake_at = ?,
    place = iif(place = 1, ?, place),
    ready = EXISTS (SELECT 1 FROM inbox WHERE run = runs.id AND taken = 0) WHERE id = ? RETURNING ready`,
  releaseQueued: `UPDATE runs SET status = 'queued', owner = NULL, ready = 1, place = iif(place = 1, 0, place) WHERE id = ?`,
} as const

/** Rows of one statement at most: the call of a statement costs about as much as a row. */
export const maxEventRows = 8

/** Inserts that many events. events rowid and events_run, both at or near their end. */
export function insertEventsSql(rows: number): string {
  const values = Array.from({ length: rows }, () => '(?, ?, ?, ?, ?, ?)').join(', ')
  return `INSERT INTO events (id, run, seq, at, type, data) VALUES ${values}`
}

/** Statements of retention, kept apart because they run rarely and prepare on use. */
export const forgetSql = {
  // runs rowid, a slice per call. A run whose parent is gone counts as a root.
  roots: `SELECT id, run_id FROM runs AS root
    WHERE id > ?1 AND id <= ?5 AND ended_at < ?2 AND (?3 IS NULL OR tenant = ?3)
      AND (parent_run IS NULL OR NOT EXISTS (SELECT 1 FROM runs WHERE run_id = root.parent_run))
    ORDER BY id LIMIT ?4`,
  rootsWindow: `SELECT count(*) AS count, ifnull(max(id), 0) AS last FROM (SELECT id FROM runs WHERE id > ?1 ORDER BY id LIMIT ?2)`,
  // runs_parent, in this order
  tree: `WITH RECURSIVE tree (id, run_id, ended_at) AS (
      SELECT id, run_id, ended_at FROM runs WHERE id = ?
      UNION ALL SELECT child.id, child.run_id, child.ended_at FROM tree CROSS JOIN runs AS child
        ON child.parent_run = tree.run_id)
    SELECT id, run_id, ended_at FROM tree`,
  raiseFloor: `INSERT INTO meta (key, value) SELECT 'event_floor', ifnull(max(id), 0) FROM events WHERE true
    ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)`,
  // A follower of a run that is gone gets no event that would tell it.
  countRemoval: `INSERT INTO meta (key, value) VALUES ('removals', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1`,
  usedBlobs: 'SELECT blob FROM blob_uses WHERE run = ?',
  // blob_uses_blob
  deleteUnusedBlob: `DELETE FROM blobs WHERE id = ?1
    AND NOT EXISTS (SELECT 1 FROM blob_puts WHERE blob = ?1)
    AND NOT EXISTS (SELECT 1 FROM blob_uses WHERE blob = ?1)`,
  // Blobs whose event never came, because the process ended in between. A scan of blob_puts, which is short.
  deleteOrphans: `DELETE FROM blobs WHERE id IN (SELECT blob FROM blob_puts WHERE put_at < ?1)
    AND (?2 IS NULL OR tenant = ?2) AND NOT EXISTS (SELECT 1 FROM blob_uses WHERE blob = blobs.id)`,
  deleteOldPuts: 'DELETE FROM blob_puts WHERE NOT EXISTS (SELECT 1 FROM blobs WHERE id = blob)',
  // Each by the index that begins with the run.
  deleteEvents: 'DELETE FROM events WHERE run = ?',
  deleteMail: 'DELETE FROM inbox WHERE run = ?',
  deleteLedger: 'DELETE FROM ledger WHERE run = ?',
  // A scan: few rows are open.
  deleteReservations: 'DELETE FROM reservations WHERE run = ?',
  // accounts_run, by the id of the run
  deleteAccounts: 'DELETE FROM accounts WHERE run = ?',
  deleteBlobUses: 'DELETE FROM blob_uses WHERE run = ?',
  deleteRun: 'DELETE FROM runs WHERE id = ?',
} as const

/** Statements of retention by definition, which share most with those above. */
export const pruneSql = {
  // runs_ended, in its order: what is not removed is passed over once per call.
  roots: `SELECT id, run_id, ended_at FROM runs
    WHERE ended_at IS NOT NULL AND parent_run IS NULL AND definition = ?1 AND status = ?2
      AND (ended_at, id) > (?3, ?4) AND ended_at < ?5 AND (?6 IS NULL OR tenant = ?6)
    ORDER BY ended_at, id LIMIT ?7`,
  // runs unique run_id
  rootsAmong: `SELECT r.id AS id, r.run_id AS run_id, r.ended_at AS ended_at
    FROM json_each(?8) AS wanted CROSS JOIN runs AS r ON r.run_id = wanted.value
    WHERE r.ended_at IS NOT NULL AND r.parent_run IS NULL AND r.definition = ?1 AND r.status = ?2
      AND (r.ended_at, r.id) > (?3, ?4) AND r.ended_at < ?5 AND (?6 IS NULL OR r.tenant = ?6)
    ORDER BY r.ended_at, r.id LIMIT ?7`,
  // A scan of reservations: there are as many rows as calls under way.
  runsWithOpenCalls: 'SELECT DISTINCT r.run_id AS run_id FROM reservations AS o CROSS JOIN runs AS r ON r.id = o.run',
  // ledger_run. No run has that key: lines of runs that are gone are told from those outside of runs.
  detachLines: 'UPDATE ledger SET run = -1 WHERE run = ?',
  // A range of ledger_call.
  pastLines: 'SELECT id, call, tenant FROM ledger WHERE call >= ? AND call < ? AND +run = -1',
  renameLine: 'UPDATE ledger SET call = ? WHERE id = ?',
  // ledger_adjusts
  renameAdjusted: 'UPDATE ledger SET adjusts = ? WHERE adjusts = ? AND tenant = ?',
} as const
