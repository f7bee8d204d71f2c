import { createHash } from 'node:crypto'
import { breakingFormat } from '../schema/migrate.ts'

// Positions: the order in which events of all runs are read, and lines of the ledger.
//
// A sequence gives numbers out before their transactions commit, so a higher number may become visible before a lower
// one, and whoever reads "everything behind 7" and goes on behind 9 would miss a late 8. Therefore:
//
// 1. A writing transaction first takes a shared advisory lock whose key holds the last number that was given out: all
//    numbers that it draws itself are higher. The lock ends after its commit became visible. Nobody ever waits for it.
// 2. A reader looks at the sequence, then at all such locks. Up to the lowest of both nothing can appear any more.
// 3. It then reads, in a later statement, up to that horizon and no further.
//
// Nothing serializes the commits of writers, and no long transaction of somebody else holds readers up.

/** So many bits of a key are the position; those above tell the schema. */
const positionBits = 48n

/** The statements on the positions of one schema. */
export interface Positions {
  /** Begins a transaction that draws positions; see also `Transaction.begin`. */
  readonly begin: string
  /** `horizon`: read so far. `last`: what was given out. */
  readonly horizon: string
}

/** Two schemas of one database may share their mark, which only makes each of them wait for the other. */
export function positionsOf(schema: string): Positions {
  const mark = createHash('sha256').update(schema).digest().readUInt16BE() & 0x7fff
  const base = BigInt(mark) << positionBits
  return {
    begin: `BEGIN; SELECT pg_advisory_xact_lock_shared(${base} + last_value), (${breakingFormat}) AS breaking FROM positions`,
    // LATERAL keeps the order: the locks are looked at after the sequence.
    horizon: `SELECT h.last_value AS last, least(h.last_value, l.lowest) AS horizon
      FROM (SELECT last_value FROM positions OFFSET 0) AS h, LATERAL (
        SELECT min(((classid::bigint << 32) | objid::bigint) - ${base}) AS lowest FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = ${mark} AND granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND h.last_value >= 0) AS l`,
  }
}
