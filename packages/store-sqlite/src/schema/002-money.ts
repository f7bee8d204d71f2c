import type { Migration } from './migration.ts'

/**
 * Money. The tables of the first format that were meant for it held nothing: no release wrote into them.
 *
 * Amounts of pico-dollars are text where sums may pass 64 bits and no statement calculates; roll-ups keep whole dollars
 * and pico-dollars below one dollar apart, so that SQLite can add them up without ever overflowing.
 */
export const money: Migration = {
  number: 2,
  name: 'money',
  isBreaking: true,
  sql: `
DROP TABLE ledger;
DROP TABLE reservations;

-- Who pays. The row with the empty scope stands for the tenant itself, and its id for the tenant elsewhere.
CREATE TABLE scopes (
  id INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  tenant TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX scopes_scope ON scopes (scope, tenant);

-- Balances. most: the limit that the store holds. run: whose account it is, to be removed with it.
CREATE TABLE accounts (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  settled TEXT NOT NULL,
  reserved TEXT NOT NULL,
  most TEXT,
  run TEXT
) STRICT;
CREATE INDEX accounts_run ON accounts (run) WHERE run IS NOT NULL;

-- What is set aside now: few rows. swept: counted as spent, and kept until it is in the ledger.
CREATE TABLE reservations (
  id INTEGER PRIMARY KEY,
  call TEXT NOT NULL,
  tenant INTEGER NOT NULL,
  run INTEGER,
  granted TEXT NOT NULL,
  at_least TEXT NOT NULL,
  accounts TEXT NOT NULL,
  expires_at REAL,
  swept INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX reservations_call ON reservations (call, tenant);

-- One line per call and correction, never changed. scopes: their ids, as JSON. id: the cursor.
CREATE TABLE ledger (
  id INTEGER PRIMARY KEY,
  call TEXT NOT NULL,
  tenant INTEGER NOT NULL,
  run INTEGER,
  at REAL NOT NULL,
  adjusts TEXT,
  kind TEXT NOT NULL,
  scopes TEXT NOT NULL,
  entry TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX ledger_call ON ledger (call, tenant);
CREATE INDEX ledger_run ON ledger (run) WHERE run IS NOT NULL;
CREATE INDEX ledger_adjusts ON ledger (adjusts, tenant) WHERE adjusts IS NOT NULL;

CREATE TABLE models (id INTEGER PRIMARY KEY, model TEXT NOT NULL UNIQUE) STRICT;
-- Sums of the lines of a scope, a day and a model, written with the lines. They outlive them.
CREATE TABLE roll_ups (
  scope INTEGER NOT NULL,
  day TEXT NOT NULL,
  model INTEGER NOT NULL,
  dollars INTEGER NOT NULL,
  pico INTEGER NOT NULL,
  saved_dollars INTEGER NOT NULL,
  saved_pico INTEGER NOT NULL,
  calls INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  input INTEGER NOT NULL,
  cache_read INTEGER NOT NULL,
  cache_write INTEGER NOT NULL,
  output INTEGER NOT NULL,
  reasoning INTEGER NOT NULL,
  PRIMARY KEY (scope, day, model)
) STRICT, WITHOUT ROWID;

-- The outbox. An alert that was taken off stays, so that it is never told again.
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY,
  alert TEXT NOT NULL UNIQUE,
  at REAL NOT NULL,
  key TEXT NOT NULL,
  mark TEXT NOT NULL,
  settled TEXT NOT NULL,
  reserved TEXT NOT NULL,
  most TEXT NOT NULL,
  is_told INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX alerts_waiting ON alerts (id) WHERE is_told = 0;
`,
}
