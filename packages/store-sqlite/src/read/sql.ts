/**
 * All statements of the reading connection. Each is a read transaction of its own, in a snapshot taken when it starts:
 * an append that was acknowledged before is in it, writers are never held up. No statement is left open between turns,
 * so that checkpoints can finish. A NULL tenant stands for the system scope.
 */
export const sql = {
  // Changes whenever any other connection committed, that of our own writer included.
  dataVersion: 'PRAGMA data_version',
  // runs unique run_id
  findRun: 'SELECT id, tenant, ended_at IS NOT NULL AS is_ended FROM runs WHERE run_id = ?',
  // events_run
  events: 'SELECT seq, at, type, data FROM events WHERE run = ? AND seq > ? ORDER BY seq LIMIT ?',
  // events rowid
  tail: `SELECT e.id AS id, r.run_id AS run_id, e.seq AS seq, e.at AS at, e.type AS type, e.data AS data
    FROM events AS e CROSS JOIN runs AS r ON r.id = e.run WHERE e.id > ?1 ORDER BY e.id LIMIT ?2`,
  // The same over one window of rowids: a tenant may have few of very many events.
  tailOfTenant: `SELECT e.id AS id, r.run_id AS run_id, e.seq AS seq, e.at AS at, e.type AS type, e.data AS data
    FROM events AS e CROSS JOIN runs AS r ON r.id = e.run
    WHERE e.id > ?1 AND e.id <= ?3 AND r.tenant = ?4 ORDER BY e.id LIMIT ?2`,
  tailWindow: `SELECT count(*) AS count, max(id) AS last FROM (SELECT id FROM events WHERE id > ?1 ORDER BY id LIMIT ?2)`,
  lastEvent: 'SELECT ifnull(max(id), 0) AS id FROM events',
  runsBehind: `SELECT r.run_id AS run_id, max(e.seq) AS seq FROM events AS e JOIN runs AS r ON r.id = e.run
    WHERE e.id > ?1 AND e.id <= ?2 GROUP BY e.run`,
  run: `SELECT r.*, (SELECT max(seq) FROM events WHERE run = r.id) AS last_seq, e.engine AS engine
    FROM runs AS r LEFT JOIN engines AS e ON e.id = r.owner WHERE r.run_id = ?`,
  // runs_ended
  prunable: `SELECT run_id FROM runs WHERE ended_at IS NOT NULL AND parent_run IS NULL AND definition = ?1
    AND status IN (SELECT value FROM json_each(?2)) AND ended_at < ?3 AND (?4 IS NULL OR tenant = ?4)
    AND (?5 IS NULL OR run_id IN (SELECT value FROM json_each(?5))) ORDER BY ended_at, id LIMIT ?6`,
  lastRun: 'SELECT ifnull(max(id), 0) AS id FROM runs',
  // runs by rowid, a range per call; events_run
  chargedTo: `SELECT r.run_id AS run_id, e.data AS data FROM runs AS r CROSS JOIN events AS e ON e.run = r.id AND e.seq = 1
    WHERE (?1 IS NULL OR r.tenant = ?1) AND r.id > ?2 AND r.id <= ?3
      AND (instr(e.data, ?4) > 0 OR instr(e.data, ?5) > 0) ORDER BY r.id`,
  // inbox_pending
  pending: 'SELECT delivery_id, kind, name, data FROM inbox WHERE run = ? AND taken = 0 ORDER BY id',
  // inbox_pending, then runs by rowid: CROSS JOIN keeps that order. Little mail is pending; runs may be many.
  mailOf: `SELECT DISTINCT r.run_id AS run_id FROM inbox AS i INDEXED BY inbox_pending CROSS JOIN runs AS r
    WHERE i.taken = 0 AND r.id = i.run AND r.owner = (SELECT id FROM engines WHERE engine = ?)`,
  // runs_ready, runs_wake, runs_ready_workflows, runs_places
  isClaimable: `SELECT EXISTS (SELECT 1 FROM runs WHERE ready = 1 AND place IS NOT 0)
    OR EXISTS (SELECT 1 FROM runs WHERE wake_at <= unixepoch('subsec') * 1000)
    OR (EXISTS (SELECT 1 FROM runs WHERE ready = 1 AND place = 0)
      AND (?1 IS NULL OR (SELECT count(*) FROM runs WHERE place = 1) < ?1)) AS claimable`,
  removals: `SELECT ifnull((SELECT value FROM meta WHERE key = 'removals'), 0) AS removals`,
  // runs_wake; one that has mail is claimable already.
  nextWakeAt: 'SELECT wake_at FROM runs WHERE wake_at IS NOT NULL AND ready = 0 ORDER BY wake_at LIMIT 1',
  // runs_owner
  owned: `SELECT run_id, epoch, tenant, definition, version, priority, deadline_at FROM runs
    WHERE owner = (SELECT id FROM engines WHERE engine = ?) ORDER BY id`,
  // A scan of engines, which are few.
  offered: 'SELECT DISTINCT value AS key FROM engines CROSS JOIN json_each(engines.offers)',
  // inbox_pending, then runs by rowid: little mail is pending.
  orphans: `SELECT DISTINCT r.id, r.run_id AS run_id, r.tenant AS tenant, r.epoch AS epoch
    FROM inbox AS i INDEXED BY inbox_pending CROSS JOIN runs AS r
    WHERE i.taken = 0 AND i.kind = 'cancel' AND r.id = i.run AND r.ready = 1 AND r.definition || '@' || r.version
      NOT IN (SELECT value FROM engines CROSS JOIN json_each(engines.offers)) ORDER BY r.id LIMIT ?`,
  engines: 'SELECT engine, beat FROM engines ORDER BY id',
  limitBuckets: 'SELECT * FROM limit_buckets',
  limitCooldowns: 'SELECT key, until FROM limit_cooldowns',
  limitTallies: 'SELECT * FROM limit_tallies ORDER BY name',
  limitHolders: 'SELECT waiting FROM limit_holders WHERE expires_at > ?',
  limitClock: 'SELECT last, ahead_ms FROM limit_clock',
  health: 'SELECT key, revision, state FROM health ORDER BY key',
  // blobs_hash
  blob: 'SELECT body FROM blobs WHERE hash = ? AND tenant = ?',
} as const
