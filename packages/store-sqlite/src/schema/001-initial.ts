import type { Migration } from './migration.ts'

/**
 * The first format. Every table is a rowid table that grows at its end, runs are named by an integer everywhere but
 * in `runs` itself, and the log has one index: inserts touch the last page of each B-tree and nothing is keyed by text.
 *
 * Not stored: the last seq of a run, which is the end of `events_run` and costs one seek, so that an append writes its
 * events and nothing else. Times are REAL because callers bring milliseconds that may have a fraction.
 */
export const initial: Migration = {
  number: 1,
  name: 'initial',
  isBreaking: true,
  sql: `
CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- Engines that joined. Nobody compares clocks: a beat that stands still is a dead engine.
CREATE TABLE engines (
  id INTEGER PRIMARY KEY,
  engine TEXT NOT NULL UNIQUE,
  beat INTEGER NOT NULL
) STRICT;

-- ready: 1 when an engine may claim the run (queued, or waiting with mail or a passed wake time).
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  run_id TEXT NOT NULL UNIQUE,
  tenant TEXT NOT NULL,
  definition TEXT NOT NULL,
  version TEXT NOT NULL,
  session_id TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  parent_run TEXT,
  parent_number INTEGER,
  parent_child TEXT,
  priority REAL NOT NULL,
  deadline_at REAL,
  created_at REAL NOT NULL,
  status TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  owner INTEGER,
  ready INTEGER NOT NULL,
  wake_at REAL,
  ended_at REAL
) STRICT;
-- The order in which runs are claimed. Small: only runs that can be claimed are in it.
CREATE INDEX runs_ready ON runs (priority DESC, ifnull(deadline_at, 9e15), id) WHERE ready = 1;
CREATE INDEX runs_wake ON runs (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX runs_owner ON runs (owner) WHERE owner IS NOT NULL;
CREATE INDEX runs_parent ON runs (parent_run) WHERE parent_run IS NOT NULL;

-- The logs. id is the order in which events became durable: the cursor of a tail over all runs.
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at REAL NOT NULL,
  type TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX events_run ON events (run, seq);

-- Taken mail stays until its run is forgotten: it tells a repeated delivery from a new one.
CREATE TABLE inbox (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  delivery_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT,
  data TEXT NOT NULL,
  taken INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX inbox_delivery ON inbox (run, delivery_id);
CREATE UNIQUE INDEX inbox_signal ON inbox (run, name) WHERE kind = 'signal';
CREATE INDEX inbox_pending ON inbox (run) WHERE taken = 0;

CREATE TABLE blobs (
  id INTEGER PRIMARY KEY,
  tenant TEXT NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX blobs_hash ON blobs (hash, tenant);
-- From the put until an event names the blob, so that retention does not take it in between. A table of its own:
-- a changed row is written whole, and a body may have megabytes.
CREATE TABLE blob_puts (blob INTEGER PRIMARY KEY, put_at REAL NOT NULL) STRICT;
CREATE TABLE blob_uses (run INTEGER NOT NULL, blob INTEGER NOT NULL, PRIMARY KEY (run, blob)) STRICT, WITHOUT ROWID;
CREATE INDEX blob_uses_blob ON blob_uses (blob);

CREATE TABLE ledger (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  entry_id TEXT NOT NULL,
  at REAL NOT NULL,
  attempt_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  pico_dollars TEXT
) STRICT;
CREATE UNIQUE INDEX ledger_entry ON ledger (run, entry_id);

CREATE TABLE reservations (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,
  reservation_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  pico_dollars TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX reservations_reservation ON reservations (run, reservation_id);
`,
}
