import type { Migration } from './migration.ts'

/**
 * Levels of limits that processes share, and the health of providers. Few rows, changed in place. Nothing here is money,
 * and nothing is needed to resume a run. The levels are unlogged: a crash of the server empties them, which costs no more
 * than a burst, and every change of them is spared a wait for the disk.
 */
export const limits: Migration = {
  number: 3,
  name: 'limits',
  isBreaking: false,
  sql: `
-- state: the bucket as JSON.
CREATE UNLOGGED TABLE limit_buckets (
  name text NOT NULL,
  value text NOT NULL,
  state text NOT NULL,
  PRIMARY KEY (name, value)
) WITH (fillfactor = 50);

-- Open permits. parts: bucket, amount and mark of each, as JSON.
CREATE UNLOGGED TABLE limit_permits (permit_id text PRIMARY KEY, holder text NOT NULL, parts text NOT NULL);
CREATE INDEX limit_permits_holder ON limit_permits (holder);

-- Processes that hold permits, and who waits in them (JSON). Gone when their time is over.
CREATE UNLOGGED TABLE limit_holders (
  holder text PRIMARY KEY,
  expires_at double precision NOT NULL,
  waiting text NOT NULL
);

CREATE UNLOGGED TABLE limit_cooldowns (key text PRIMARY KEY, until double precision NOT NULL);

CREATE UNLOGGED TABLE limit_tallies (
  name text PRIMARY KEY,
  requests bigint NOT NULL,
  waits bigint NOT NULL,
  waited_ms double precision NOT NULL,
  longest_wait_ms double precision NOT NULL,
  refusals bigint NOT NULL,
  throttles bigint NOT NULL
);

-- At most one row: the last time that was used, by the clock of the server. It never goes back.
CREATE UNLOGGED TABLE limit_clock (id bigint PRIMARY KEY CHECK (id = 1), last double precision NOT NULL);

-- state: JSON of the gateway that wrote it.
CREATE TABLE health (key text COLLATE "C" PRIMARY KEY, revision bigint NOT NULL, state text NOT NULL);
`,
}
