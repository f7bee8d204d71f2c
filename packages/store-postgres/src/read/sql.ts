/** The statements that read logs and runs, each with the index it uses. For lists of runs see `lists.ts`. */
export const readSql: Readonly<
  Record<'findRun' | 'events' | 'tail' | 'tailOfTenant' | 'tailWindow' | 'grown' | 'run', string>
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
}
