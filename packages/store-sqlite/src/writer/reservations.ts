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

/**
 * Open reservations of the writer. Rows are written at the end of the transaction, many with one statement; one that is
 * made and settled within a transaction is never written. While no other connection writes, all of them are known, so
 * that nobody has to look whether an id is there.
 */
export class Reservations {
  readonly #run: Statements
  readonly #inserts: readonly StatementSync[]
  readonly #known = new Map<string, KnownReservation>()
  readonly #fresh = new Set<KnownReservation>()
  /** Settled in this transaction: their rows are in the file until it ends. */
  readonly #gone = new Set<number>()
  #last: number | undefined
  /** Since when no other connection wrote: all are loaded in the second transaction of a quiet time. */
  #knows: 'some' | 'some_undisturbed' | 'all' = 'some'

  constructor(db: DatabaseSync, statements: Statements) {
    this.#run = statements
    this.#inserts = Array.from({ length: maxReservationRows }, (_, index) =>
      db.prepare(insertReservationsSql(index + 1)),
    )
  }

  find(tenant: number, call: string): KnownReservation | undefined {
    if (this.#knows === 'some_undisturbed') this.#loadAll()
    const known = this.#known.get(nameOf(tenant, call))
    if (known || this.#knows === 'all') return known
    const found = this.#run.findReservation.get(call, tenant)
    return found && !this.#gone.has(integer(found, 'id')) ? toKnown(found) : undefined
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
    if (!this.#fresh.delete(reservation)) this.#gone.add(reservation.key)
  }

  /** Puts off the expiry of reservations outside of runs. */
  putOff(calls: readonly string[], expiresAt: number): void {
    this.flush()
    this.#run.putOff.run(expiresAt, JSON.stringify(calls))
    this.#forget()
  }

  /** Those that expired, and those that did so earlier and are not in the ledger yet. */
  expired(now: number): readonly KnownReservation[] {
    this.flush()
    return this.#run.expired.all(now).map(toKnown)
  }

  /** Keeps a reservation until it is in the ledger. */
  markSwept(reservation: KnownReservation): void {
    this.#run.sweep.run(reservation.key)
    this.#forget()
  }

  /** Writes what is new and removes what is gone. */
  flush(): void {
    if (this.#gone.size > 0) this.#run.deleteReservations.run(JSON.stringify([...this.#gone]))
    this.#gone.clear()
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
    this.#forget()
    this.#fresh.clear()
    this.#gone.clear()
    this.#last = undefined
  }

  /** Between transactions. */
  trim(): void {
    if (this.#knows === 'some') this.#knows = 'some_undisturbed'
  }

  #loadAll(): void {
    this.#knows = 'all'
    for (const found of this.#run.allReservations.all()) {
      const known = toKnown(found)
      const name = nameOf(known.tenant, known.call)
      if (!this.#known.has(name) && !this.#gone.has(known.key)) this.#known.set(name, known)
    }
  }

  #forget(): void {
    this.#known.clear()
    this.#knows = 'some'
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
