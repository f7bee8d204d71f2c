import { breakingFormat } from '../schema/migrate.ts'

/**
 * The statements of counters. A command first takes the row of the clock, which makes commands of all processes follow each
 * other; the rest needs no order of locks. Nothing waits for the disk: see `schema/003-limits.ts`.
 */
export const limitSql: Readonly<
  Record<
    | 'begin'
    | 'tick'
    | 'holders'
    | 'putHolders'
    | 'deleteHolders'
    | 'permits'
    | 'addPermits'
    | 'deletePermits'
    | 'buckets'
    | 'putBuckets'
    | 'deleteBuckets'
    | 'someBuckets'
    | 'allBuckets'
    | 'cooldowns'
    | 'allCooldowns'
    | 'putCooldowns'
    | 'deleteOldCooldowns'
    | 'addTally'
    | 'tallies'
    | 'now',
    string
  >
> = {
  begin: `BEGIN; SET LOCAL synchronous_commit = off; SELECT (${breakingFormat}) AS breaking`,
  // Server time, in whole milliseconds, which never goes back.
  tick: `INSERT INTO limit_clock AS c (id, last) VALUES (1, floor(extract(epoch FROM clock_timestamp()) * 1000))
    ON CONFLICT (id) DO UPDATE SET last = greatest(c.last, excluded.last) RETURNING last`,
  // As many rows as processes.
  holders: 'SELECT holder, expires_at, waiting FROM limit_holders',
  putHolders: `INSERT INTO limit_holders (holder, expires_at, waiting)
    SELECT * FROM unnest($1::text[], $2::float8[], $3::text[])
    ON CONFLICT (holder) DO UPDATE SET expires_at = excluded.expires_at, waiting = excluded.waiting`,
  deleteHolders: 'DELETE FROM limit_holders WHERE holder = ANY ($1::text[])',

  // limit_permits primary key, limit_permits_holder
  permits: `SELECT permit_id, holder, parts FROM limit_permits WHERE permit_id = ANY ($1::text[])
    UNION SELECT permit_id, holder, parts FROM limit_permits WHERE holder = ANY ($2::text[])`,
  addPermits: `INSERT INTO limit_permits (permit_id, holder, parts)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[])`,
  deletePermits: 'DELETE FROM limit_permits WHERE permit_id = ANY ($1::text[])',

  // limit_buckets primary key
  buckets: `SELECT b.state FROM limit_buckets AS b
    JOIN unnest($1::text[], $2::text[]) AS v (name, value) USING (name, value)`,
  putBuckets: `INSERT INTO limit_buckets (name, value, state) SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
    ON CONFLICT (name, value) DO UPDATE SET state = excluded.state`,
  deleteBuckets: `DELETE FROM limit_buckets AS b USING unnest($1::text[], $2::text[]) AS v (name, value)
    WHERE b.name = v.name AND b.value = v.value`,
  // limit_buckets primary key; goes round the table a slice at a time.
  someBuckets: 'SELECT state FROM limit_buckets WHERE (name, value) > ($1, $2) ORDER BY name, value LIMIT 200',
  allBuckets: 'SELECT state FROM limit_buckets',

  cooldowns: 'SELECT key, until FROM limit_cooldowns WHERE key = ANY ($1::text[])',
  allCooldowns: 'SELECT key, until FROM limit_cooldowns',
  putCooldowns: `INSERT INTO limit_cooldowns (key, until) SELECT * FROM unnest($1::text[], $2::float8[])
    ON CONFLICT (key) DO UPDATE SET until = excluded.until`,
  deleteOldCooldowns: 'DELETE FROM limit_cooldowns WHERE until <= $1',

  addTally: `INSERT INTO limit_tallies AS t (name, requests, waits, waited_ms, longest_wait_ms, refusals, throttles)
    VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (name) DO UPDATE SET requests = t.requests + excluded.requests, waits = t.waits + excluded.waits,
      waited_ms = t.waited_ms + excluded.waited_ms,
      longest_wait_ms = greatest(t.longest_wait_ms, excluded.longest_wait_ms),
      refusals = t.refusals + excluded.refusals, throttles = t.throttles + excluded.throttles`,
  tallies: `SELECT name AS "limit", requests, waits, waited_ms AS "waitedMs", longest_wait_ms AS "longestWaitMs",
    refusals, throttles FROM limit_tallies ORDER BY name`,
  // The time for whoever only looks.
  now: `SELECT greatest(floor(extract(epoch FROM clock_timestamp()) * 1000), (SELECT last FROM limit_clock)) AS now`,
}
