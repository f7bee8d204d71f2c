/**
 * The statements of lanes. A transaction locks in this order, each kind by key: engines, places, runs, reservations,
 * accounts, roll-ups, totals, names; so two transactions that want the same rows wait for each other and never both. What is left
 * (rows that two insert in the same moment) ends in an error of one of them, and that one begins anew.
 *
 * All read what is committed: each statement sees what was committed before it began, and a locked row is the latest.
 */
export const sql = {
  // engines unique engine. KEY SHARE: beats go on, and who takes over waits until this transaction has ended.
  holdEngines: 'SELECT engine FROM engines WHERE engine = ANY ($1::text[]) ORDER BY id + 0 FOR KEY SHARE',
  insertRuns: `INSERT INTO runs (run_id, tenant, definition, version, session_id, fingerprint, parent_run, parent_number,
      parent_child, priority, deadline_at, created_at, owner, status, epoch, ready, place, last_seq)
    SELECT run_id, tenant, definition, version, session_id, fingerprint, parent_run, parent_number, parent_child, priority,
      deadline_at, created_at, owner, CASE WHEN owner IS NULL THEN 'queued' ELSE 'running' END,
      CASE WHEN owner IS NULL THEN 0 ELSE 1 END, owner IS NULL,
      CASE WHEN workflow = 1 THEN CASE WHEN owner IS NULL THEN 0 ELSE 1 END END, 0
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[],
        $9::text[], $10::float8[], $11::float8[], $12::float8[], $13::text[], $14::bigint[])
      WITH ORDINALITY AS v (run_id, tenant, definition, version, session_id, fingerprint, parent_run, parent_number,
        parent_child, priority, deadline_at, created_at, owner, workflow, number)
    ORDER BY number ON CONFLICT (run_id) DO NOTHING RETURNING id, run_id`,
  // runs unique run_id
  lockRuns: `SELECT id, run_id, tenant, status, epoch, owner, fingerprint, last_seq, place FROM runs
    WHERE run_id = ANY ($1::text[]) ORDER BY id + 0 FOR NO KEY UPDATE`,
  // runs primary key; events at the end of their indexes. The rows are drawn in their order, so positions rise with seq.
  append: `WITH grown AS (UPDATE runs SET last_seq = v.last_seq
      FROM unnest($1::bigint[], $2::bigint[]) AS v (id, last_seq) WHERE runs.id = v.id)
    INSERT INTO events (id, run, seq, at, type, data) SELECT nextval('positions'), v.*
      FROM unnest($3::bigint[], $4::bigint[], $5::float8[], $6::text[], $7::text[]) AS v (run, seq, at, type, data)`,
  endRuns: `UPDATE runs SET status = v.status, ended_at = v.ended_at, owner = NULL, ready = false, wake_at = NULL,
      place = CASE place WHEN 1 THEN 0 ELSE place END
    FROM unnest($1::bigint[], $2::text[], $3::float8[]) AS v (id, status, ended_at) WHERE runs.id = v.id`,
  reopenRun: `UPDATE runs SET status = 'queued', ended_at = NULL, owner = NULL, ready = true, epoch = epoch + 1,
      place = place & 0 WHERE id = $1`,

  // inbox_delivery and inbox_signal say what came before.
  insertMail: `INSERT INTO inbox (run, delivery_id, kind, name, data)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
    ON CONFLICT DO NOTHING RETURNING run, delivery_id`,
  // Only signals are compared later; of other mail the id is enough. inbox_delivery
  takeMail: `UPDATE inbox SET taken = true, data = CASE kind WHEN 'signal' THEN data ELSE 'null' END
    FROM unnest($1::bigint[], $2::text[]) AS v (run, delivery_id)
    WHERE inbox.run = v.run AND inbox.delivery_id = v.delivery_id`,
  // A run that is to be cancelled waits for no place.
  exempt: 'UPDATE runs SET place = 2 WHERE id = ANY ($1::bigint[]) AND place = 0',
  wakeRuns: `UPDATE runs SET ready = true WHERE id = ANY ($1::bigint[]) AND status = 'waiting'`,

  // blobs primary key. The lock keeps retention from taking a blob that gets a use.
  useBlobs: `INSERT INTO blob_uses (run, tenant, hash)
    SELECT v.run, b.tenant, b.hash
      FROM unnest($1::bigint[], $2::text[], $3::text[]) AS v (run, tenant, hash)
      JOIN blobs AS b ON b.tenant = v.tenant AND b.hash = v.hash
    FOR KEY SHARE OF b ON CONFLICT DO NOTHING`,
  settlePuts: `UPDATE blobs SET put_at = NULL FROM unnest($1::text[], $2::text[]) AS v (tenant, hash)
    WHERE blobs.tenant = v.tenant AND blobs.hash = v.hash AND put_at IS NOT NULL`,
} as const
