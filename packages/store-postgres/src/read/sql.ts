/** The statements that read logs and runs, each with the index it uses. For lists of runs see `lists.ts`. */
export const readSql: Readonly<
  Record<
    'prunable' | 'chargedTo' | 'findRun' | 'events' | 'tail' | 'tailOfTenant' | 'tailWindow' | 'grown' | 'run',
    string
  >
> = {
  // runs unique run_id
  findRun: 'SELECT id, tenant, ended_at IS NOT NULL AS "isEnded" FROM runs WHERE run_id = $1',
  // events primary key
  events: 'SELECT seq, at, type, data FROM events WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT $3',
  // events_id, then runs by primary key
  tail: `SELECT e.id, r.run_id, e.seq, e.at, e.type, e.data FROM events AS e JOIN runs AS r ON r.id = e.run
    WHERE e.id > $1 AND e.id <= $2 ORDER BY e.id LIMIT $3`,
  // The same over one window of events_id: a tenant may have few of very many events.
  tailOfTenant: `SELECT e.id, r.run_id, e.seq, e.at, e.type, e.data FROM events AS e JOIN runs AS r ON r.id = e.run
    WHERE e.id > $1 AND e.id <= $2 AND r.tenant = $4 ORDER BY e.id LIMIT $3`,
  // events_id alone
  tailWindow: `SELECT count(*) AS count, max(id) AS last
    FROM (SELECT id FROM events WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3) AS e`,
  // runs primary key
  grown: `SELECT r.id, r.last_seq AS seq FROM runs AS r WHERE r.id = ANY ($1::bigint[])`,
  // runs unique run_id
  run: 'SELECT * FROM runs WHERE run_id = $1',
  // runs_ended
  prunable: `SELECT run_id FROM runs WHERE ended_at IS NOT NULL AND parent_run IS NULL AND definition = $1
    AND status = ANY ($2::text[]) AND ended_at < $3 AND ($4::text IS NULL OR tenant = $4)
    AND ($5::text[] IS NULL OR run_id = ANY ($5::text[])) ORDER BY ended_at, id LIMIT $6`,
  // runs by primary key, a slice per call; events by primary key
  chargedTo: `SELECT r.id, r.run_id, e.data, position($3 in e.data) > 0 OR position($4 in e.data) > 0 AS "isMarked"
    FROM (SELECT id, run_id FROM runs WHERE id > $2 AND ($1::text IS NULL OR tenant = $1) ORDER BY id LIMIT $5) AS r
      JOIN events AS e ON e.run = r.id AND e.seq = 1 ORDER BY r.id`,
}
