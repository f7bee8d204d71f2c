/** The statements that read logs and runs, each with the index it uses. A NULL tenant stands for the system scope. */
export const readSql: Readonly<
  Record<
    'prunable' | 'chargedTo' | 'findRun' | 'events' | 'tail' | 'grown' | 'run' | 'runs' | 'runsOfTenant' | 'children',
    string
  >
> = {
  // runs unique run_id
  findRun: 'SELECT id, tenant, ended_at IS NOT NULL AS "isEnded" FROM runs WHERE run_id = $1',
  // events primary key
  events: 'SELECT seq, at, type, data FROM events WHERE run = $1 AND seq > $2 ORDER BY seq LIMIT $3',
  // events_id, then runs by primary key
  tail: `SELECT e.id, r.run_id, e.seq, e.at, e.type, e.data FROM events AS e JOIN runs AS r ON r.id = e.run
    WHERE e.id > $1 AND e.id <= $2 AND ($3::text IS NULL OR r.tenant = $3) ORDER BY e.id LIMIT $4`,
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
  // Newest first, by runs primary key.
  runs: list(''),
  // runs_tenant
  runsOfTenant: list('AND tenant = $5'),
  // runs_parent
  children: list('AND parent_run = $5 AND ($6::text IS NULL OR tenant = $6)'),
}

function list(condition: string): string {
  return `SELECT * FROM runs WHERE ($1::text IS NULL OR definition = $1)
    AND ($2::text[] IS NULL OR status = ANY ($2::text[]))
    AND ($3::text IS NULL OR id < (SELECT id FROM runs WHERE run_id = $3)) ${condition} ORDER BY id DESC LIMIT $4`
}
