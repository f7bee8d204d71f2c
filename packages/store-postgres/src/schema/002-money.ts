import type { Migration } from './migration.ts'

/** Money. Amounts are numeric: sums may pass what 64 bits hold, and nothing is ever rounded. */
export const money: Migration = {
  number: 2,
  name: 'money',
  isBreaking: true,
  sql: `
-- Balances. most: the limit that the store holds. run: whose account it is, to be removed with it. Changed in place all the
-- time.
CREATE TABLE accounts (
  key text COLLATE "C" PRIMARY KEY,
  settled numeric NOT NULL,
  reserved numeric NOT NULL,
  most numeric,
  run text
) WITH (fillfactor = 50);
CREATE INDEX accounts_run ON accounts (run) WHERE run IS NOT NULL;

-- What is set aside now: few rows. swept: counted as spent, and kept until it is in the ledger.
CREATE TABLE reservations (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  call text NOT NULL,
  tenant text NOT NULL,
  run bigint,
  granted numeric NOT NULL,
  at_least text NOT NULL,
  accounts text NOT NULL,
  expires_at double precision,
  swept boolean NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX reservations_call ON reservations (call, tenant);
CREATE INDEX reservations_run ON reservations (run) WHERE run IS NOT NULL;
CREATE INDEX reservations_expiry ON reservations (expires_at) WHERE expires_at IS NOT NULL;

-- One line per call and correction. scopes: as JSON. id: the cursor, of the same numbers as events. past: the id of a run
-- that was removed while its lines stayed, until another run takes it; that one renames these lines. Nothing else changes.
CREATE TABLE ledger (
  id bigint PRIMARY KEY DEFAULT nextval('positions'),
  call text NOT NULL,
  tenant text NOT NULL,
  run bigint,
  past text,
  at double precision NOT NULL,
  adjusts text,
  kind text NOT NULL,
  scopes text NOT NULL,
  entry text NOT NULL
);
CREATE UNIQUE INDEX ledger_call ON ledger (call, tenant);
CREATE INDEX ledger_tenant ON ledger (tenant, id);
CREATE INDEX ledger_run ON ledger (run, id) WHERE run IS NOT NULL;
CREATE INDEX ledger_past ON ledger (past, tenant) WHERE past IS NOT NULL;
CREATE INDEX ledger_adjusts ON ledger (adjusts, tenant, id) WHERE adjusts IS NOT NULL;

-- Sums of the lines of a scope, a day and a model, written with the lines. They outlive them. The empty scope holds
-- everything of the tenant.
CREATE TABLE roll_ups (
  tenant text COLLATE "C" NOT NULL,
  scope text COLLATE "C" NOT NULL,
  day text COLLATE "C" NOT NULL,
  model text COLLATE "C" NOT NULL,
  pico numeric NOT NULL,
  saved numeric NOT NULL,
  calls bigint NOT NULL,
  unpriced bigint NOT NULL,
  unknown bigint NOT NULL,
  input bigint NOT NULL,
  cache_read bigint NOT NULL,
  cache_write bigint NOT NULL,
  output bigint NOT NULL,
  reasoning bigint NOT NULL,
  PRIMARY KEY (scope, tenant, day, model)
) WITH (fillfactor = 70);

-- The outbox. An alert that was taken off stays, so that it is never told again.
CREATE TABLE alerts (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  alert text NOT NULL UNIQUE,
  at double precision NOT NULL,
  key text NOT NULL,
  mark text NOT NULL,
  settled text NOT NULL,
  reserved text NOT NULL,
  most text NOT NULL,
  is_told boolean NOT NULL DEFAULT false
);
CREATE INDEX alerts_waiting ON alerts (id) WHERE NOT is_told;
`,
}
