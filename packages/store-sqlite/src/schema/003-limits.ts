import type { Migration } from './migration.ts'

/**
 * Levels of limits that processes share. Hot rows, few of them: a bucket, a holder and the clock are changed in place.
 * Nothing here is money, and nothing is needed to resume a run; the tables may be emptied.
 *
 * Not breaking: an older release that has the file open knows nothing of them and does no harm.
 */
export const limits: Migration = {
  number: 3,
  name: 'limits',
  isBreaking: false,
  sql: `
-- rule: the limit as whoever used it last has configured it (JSON). slots: how many each holder has (JSON).
CREATE TABLE limit_buckets (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  rule TEXT NOT NULL,
  level REAL NOT NULL,
  at REAL NOT NULL,
  open REAL NOT NULL,
  taken REAL NOT NULL,
  returnable REAL NOT NULL,
  learned_mark REAL NOT NULL,
  cut_mark REAL NOT NULL,
  percent INTEGER NOT NULL,
  percent_at REAL NOT NULL,
  slots TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX limit_buckets_value ON limit_buckets (name, value);

-- Open permits. parts: bucket, amount and mark of each, flat (JSON).
CREATE TABLE limit_permits (
  id INTEGER PRIMARY KEY,
  permit_id TEXT NOT NULL,
  holder TEXT NOT NULL,
  parts TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX limit_permits_permit ON limit_permits (permit_id);
CREATE INDEX limit_permits_holder ON limit_permits (holder);

-- Processes that hold permits, and who waits in them (JSON). Gone when their time is over.
CREATE TABLE limit_holders (
  holder TEXT PRIMARY KEY,
  expires_at REAL NOT NULL,
  waiting TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE limit_cooldowns (key TEXT PRIMARY KEY, until REAL NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE limit_tallies (
  name TEXT PRIMARY KEY,
  requests INTEGER NOT NULL,
  waits INTEGER NOT NULL,
  waited_ms REAL NOT NULL,
  longest_wait_ms REAL NOT NULL,
  refusals INTEGER NOT NULL,
  throttles INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row. The running clock of the machine plus ahead_ms is the time of all rows above, and never goes back.
CREATE TABLE limit_clock (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last REAL NOT NULL,
  ahead_ms REAL NOT NULL
) STRICT;
INSERT INTO limit_clock (id, last, ahead_ms) VALUES (1, 0, 0);
`,
}
