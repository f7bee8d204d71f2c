import type { Swept } from '@meepo/core'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { EncodedReservation } from '../protocol.ts'
import { integer, optionalNumber, row, text, type Row } from '../row.ts'
import { insertReservationsSql, maxReservationRows } from './money-sql.ts'
import type { Statements } from './statements.ts'

/** What is set aside for one call. */
export interface KnownReservation {
  readonly key: number
  readonly tenant: number
  readonly call: string
  readonly run: number | null
  readonly granted: bigint
  readonly atLeast: string
  readonly accounts: string
  readonly expiresAt: number | null
  readonly isSwept: boolean
}

const maxKnown = 50_000

/**
 * Open reservations of the writer. Rows are inserted at the end of the transaction, many with one statement; one that is
 * made and settled within a transaction is never written.
 */
export class Reservations {
  readonly #run: Statements
  readonly #inserts: readonly StatementSync[]
  readonly #known = new Map<string, KnownReservation>()
  readonly #fresh = new Set<KnownReservation>()
  #last: number | undefined

  constructor(db: DatabaseSync, statements: Statements) {
    this.#run = statements
    this.#inserts = Array.from({ length: maxReservationRows }, (_, index) =>
      db.prepare(insertReservationsSql(index + 1)),
    )
  }

  find(tenant: number, call: string): KnownReservation | undefined {
    const known = this.#known.get(nameOf(tenant, call))
    if (known) return known
    const found = this.#run.findReservation.get(call, tenant)
    return found && toKnown(found)
  }

  add(tenant: number, run: number | null, granted: bigint, reservation: EncodedReservation): void {
    this.#last ??= integer(row(this.#run.lastReservation.get()), 'id')
    const { id: call, atLeast, accounts, expiresAt } = reservation
    const known = { key: ++this.#last, tenant, call, run, granted, atLeast, accounts, expiresAt, isSwept: false }
    this.#known.set(nameOf(tenant, call), known)
    this.#fresh.add(known)
  }

  remove(reservation: KnownReservation): void {
    this.#known.delete(nameOf(reservation.tenant, reservation.call))
    if (!this.#fresh.delete(reservation)) this.#run.deleteReservation.run(reservation.key)
  }

  /** Puts off the expiry of reservations outside of runs. */
  putOff(calls: readonly string[], expiresAt: number): void {
    this.flush()
    this.#run.putOff.run(expiresAt, JSON.stringify(calls))
    this.#known.clear()
  }

  /** Those that expired, and those that did so earlier and are not in the ledger yet. */
  expired(now: number): readonly KnownReservation[] {
    this.flush()
    return this.#run.expired.all(now).map(toKnown)
  }

  /** Keeps a reservation until it is in the ledger. */
  markSwept(reservation: KnownReservation): void {
    this.#known.delete(nameOf(reservation.tenant, reservation.call))
    this.#run.sweep.run(reservation.key)
  }

  /** Writes what is new. */
  flush(): void {
    if (this.#fresh.size === 0) return
    let rows = 0
    let values: (string | number | null)[] = []
    for (const one of this.#fresh) {
      values.push(one.key, one.call, one.tenant, one.run, String(one.granted), one.atLeast, one.accounts, one.expiresAt)
      if (++rows < maxReservationRows) continue
      this.#inserts[rows - 1]?.run(...values)
      rows = 0
      values = []
    }
    if (rows > 0) this.#inserts[rows - 1]?.run(...values)
    this.#fresh.clear()
  }

  /** After other connections wrote, and after a rollback. */
  drop(): void {
    this.#known.clear()
    this.#fresh.clear()
    this.#last = undefined
  }

  /** Between transactions. */
  trim(): void {
    if (this.#known.size > maxKnown) this.#known.clear()
  }
}

/** A reservation as `sweep` tells it. */
export function toSwept(reservation: KnownReservation, tenant: string): Swept {
  const { call, granted, atLeast, accounts, expiresAt } = reservation
  return {
    tenant,
    id: call,
    picoDollars: String(granted),
    atLeast,
    accounts: JSON.parse(accounts),
    ...(expiresAt === null ? {} : { expiresAt }),
  }
}

function nameOf(tenant: number, call: string): string {
  return `${tenant} ${call}`
}

function toKnown(found: Row): KnownReservation {
  return {
    key: integer(found, 'id'),
    tenant: integer(found, 'tenant'),
    call: text(found, 'call'),
    run: optionalNumber(found, 'run') ?? null,
    granted: BigInt(text(found, 'granted')),
    atLeast: text(found, 'at_least'),
    accounts: text(found, 'accounts'),
    expiresAt: optionalNumber(found, 'expires_at') ?? null,
    isSwept: integer(found, 'swept') === 1,
  }
}
