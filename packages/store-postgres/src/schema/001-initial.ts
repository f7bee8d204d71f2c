import type { Migration } from './migration.ts'

/**
 * The log, who drives it, and what comes from outside. Runs are named by a number everywhere but in `runs` itself.
 *
 * Everything that a caller brings as JSON is text: it comes back byte by byte, and `jsonb` would refuse some of it. Times
 * are double precision because callers bring milliseconds that may have a fraction. Text that is compared byte by byte in
 * code has the collation "C", so that the database orders it as code does.
 */
export const initial: Migration = {
  number: 1,
  name: 'initial',
  isBreaking: true,
  sql: `
-- Numbers of events and of lines of the ledger, in the order in which they are read: see database/position.ts. The first
-- value is never given out, so that all numbers are above the value that a new sequence shows.
CREATE SEQUENCE positions MINVALUE 0 START 0;
SELECT nextval('positions');

-- Engines that joined. Nobody compares clocks: a beat that stands still is a dead engine.
CREATE TABLE engines (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  engine text NOT NULL UNIQUE,
  beat bigint NOT NULL
);

-- ready: an engine may claim the run (queued, or waiting with mail or a passed wake time). last_seq changes with each
-- append: no index holds it, and there is room for the changed row beside the old one. place: 1 is a workflow that holds a
-- place; 0 one that needs one; 2 one that needs none, as it is to be cancelled; null no workflow.
CREATE TABLE runs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id text NOT NULL UNIQUE,
  tenant text NOT NULL,
  definition text NOT NULL,
  version text NOT NULL,
  session_id text NOT NULL,
  fingerprint text NOT NULL,
  parent_run text,
  parent_number bigint,
  parent_child text,
  priority double precision NOT NULL,
  deadline_at double precision,
  created_at double precision NOT NULL,
  status text NOT NULL,
  epoch bigint NOT NULL,
  owner text,
  ready boolean NOT NULL,
  wake_at double precision,
  ended_at double precision,
  last_seq bigint NOT NULL,
  place smallint
) WITH (fillfactor = 50);
-- The order in which runs are claimed. Small: only runs that can be claimed are in it. Twice, so that whoever may take no
-- more workflows need not walk past those that wait.
CREATE INDEX runs_ready ON runs (priority DESC, coalesce(deadline_at, 9e15), id) WHERE ready AND place IS DISTINCT FROM 0;
CREATE INDEX runs_ready_workflows ON runs (priority DESC, coalesce(deadline_at, 9e15), id) WHERE ready AND place = 0;
CREATE INDEX runs_places ON runs (id) WHERE place = 1;
CREATE INDEX runs_wake ON runs (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX runs_owner ON runs (owner) WHERE owner IS NOT NULL;
CREATE INDEX runs_parent ON runs (parent_run) WHERE parent_run IS NOT NULL;
CREATE INDEX runs_tenant ON runs (tenant, id);
-- For retention. Children go with their roots, so they are not in it.
CREATE INDEX runs_ended ON runs (definition, status, ended_at, id) WHERE ended_at IS NOT NULL AND parent_run IS NULL;

-- The logs. id: the cursor of a tail over all runs.
CREATE TABLE events (
  id bigint NOT NULL,
  run bigint NOT NULL,
  seq bigint NOT NULL,
  at double precision NOT NULL,
  type text NOT NULL,
  data text NOT NULL,
  PRIMARY KEY (run, seq)
);
CREATE UNIQUE INDEX events_id ON events (id);

-- Taken mail stays until its run is forgotten: it tells a repeated delivery from a new one.
CREATE TABLE inbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run bigint NOT NULL,
  delivery_id text NOT NULL,
  kind text NOT NULL,
  name text,
  data text NOT NULL,
  taken boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX inbox_delivery ON inbox (run, delivery_id);
CREATE UNIQUE INDEX inbox_signal ON inbox (run, name) WHERE kind = 'signal';
CREATE INDEX inbox_pending ON inbox (run) WHERE NOT taken;

-- put_at: from the put until an event names the blob, so that retention does not take it in between. Bytes, because text
-- of a database cannot hold every character.
CREATE TABLE blobs (
  tenant text NOT NULL,
  hash text NOT NULL,
  body bytea NOT NULL,
  put_at double precision,
  PRIMARY KEY (tenant, hash)
);
CREATE INDEX blobs_put ON blobs (put_at) WHERE put_at IS NOT NULL;
CREATE TABLE blob_uses (
  run bigint NOT NULL,
  tenant text NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (run, hash)
);
CREATE INDEX blob_uses_blob ON blob_uses (tenant, hash);
`,
}
