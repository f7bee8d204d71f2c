import type { Alert, CallEntry, Grant, LedgerEntry, RunId, Settlement, Swept, TenantId } from '@meepo/core'
import { chargeOf, decideGrant, type Adjusted } from '@meepo/core/store-rules'
import type { DatabaseSync } from 'node:sqlite'
import type { EncodedLine, EncodedReservation, MoneyPart } from '../protocol.ts'
import { integer, text } from '../row.ts'
import { Accounts } from './accounts.ts'
import { Reservations, toSwept } from './reservations.ts'
import type { Statements } from './statements.ts'
import { Sums } from './sums.ts'

/** Everything that one write does with money belongs to this tenant, and to this run if there is one. */
export interface MoneyOwner {
  readonly tenant: TenantId
  readonly run: number | null
}

/**
 * Money in the writer, as part of its transaction. Nothing here refuses: amounts were read on the main thread, and a
 * refused reservation is an answer. What changed in memory is written by `flush` before the commit.
 */
export class MoneyDesk {
  readonly #run: Statements
  readonly #accounts: Accounts
  readonly #reservations: Reservations
  readonly #sums: Sums

  constructor(db: DatabaseSync, statements: Statements) {
    this.#run = statements
    this.#accounts = new Accounts(statements)
    this.#reservations = new Reservations(db, statements)
    this.#sums = new Sums(statements)
  }

  /** One grant per reservation, or nothing when there was none. */
  apply(owner: MoneyOwner, money: MoneyPart, keyOf: (runId: RunId) => number | null): readonly Grant[] | undefined {
    const tenant = this.#sums.tenantKey(owner.tenant)
    const { reserve, settle, ledger } = money
    const grants = reserve.length === 0 ? undefined : reserve.map((one) => this.#reserve(tenant, owner.run, one))
    for (const settlement of settle) this.#settle(tenant, settlement)
    for (const line of ledger) {
      const run = owner.run ?? (line.runId === null ? null : keyOf(line.runId))
      this.#book(tenant, owner.tenant, run, line)
    }
    return grants
  }

  /** Sets or lifts the limit that the store holds for an account. */
  setLimit(key: string, most: string | null): void {
    this.#accounts.setLimit(key, most === null ? undefined : BigInt(most))
  }

  /** See `Money.beat`. */
  putOff(calls: readonly string[], expiresAt: number): void {
    this.#reservations.putOff(calls, expiresAt)
  }

  /** See `Money.sweep`. */
  sweep(now: number): readonly Swept[] {
    return this.#reservations.expired(now).map((one) => {
      if (!one.isSwept) {
        this.#reservations.markSwept(one)
        this.#accounts.change(this.#accounts.read(one.accounts), -one.granted, one.granted)
      }
      return toSwept(one, this.#sums.tenantOf(one.tenant))
    })
  }

  /** See `Money.raise`. */
  raise({ id, at, key, mark, settled, reserved, limit }: Alert): void {
    this.#run.insertAlert.run(id, at, key, mark, settled, reserved, limit)
  }

  /** See `Money.takeOff`. */
  takeOff(alerts: readonly string[]): void {
    this.#run.takeAlertsOff.run(JSON.stringify(alerts))
  }

  /** Writes what changed, before the commit. */
  flush(): void {
    this.#reservations.flush()
    this.#accounts.flush()
    this.#sums.flush()
  }

  /** After other connections wrote: balances may differ. */
  refresh(): void {
    this.#accounts.drop()
    this.#reservations.drop()
    this.#sums.trim()
  }

  /** After a rollback, or after statements removed rows: nothing that is known is true for sure. */
  drop(): void {
    this.#accounts.drop()
    this.#reservations.drop()
    this.#sums.drop()
  }

  /** Between transactions: keeps what is known within bounds. */
  trim(): void {
    this.#accounts.trim()
    this.#reservations.trim()
    this.#sums.trim()
  }

  #reserve(tenant: number, run: number | null, reservation: EncodedReservation): Grant {
    const { id, accounts: json } = reservation
    const before = this.#reservations.find(tenant, id)
    if (before) return { id, kind: 'granted', picoDollars: String(before.granted) }
    const accounts = this.#accounts.read(json)
    const grant = decideGrant(reservation, accounts, this.#accounts.find)
    if (grant.kind === 'refused') return grant
    const granted = BigInt(grant.picoDollars)
    this.#accounts.change(accounts, granted, 0n)
    const expiresAt = run === null ? reservation.expiresAt : null
    this.#reservations.add(tenant, run, granted, { ...reservation, expiresAt })
    return grant
  }

  #settle(tenant: number, { id, picoDollars }: Settlement): void {
    const reservation = this.#reservations.find(tenant, id)
    if (!reservation) return
    this.#reservations.remove(reservation)
    if (reservation.isSwept) return
    this.#accounts.change(this.#accounts.read(reservation.accounts), -reservation.granted, BigInt(picoDollars))
  }

  #book(tenant: number, tenantId: TenantId, run: number | null, line: EncodedLine): void {
    const { id, at, adjusts, kind, entry } = line
    const scopes = this.#sums.scopesOf(tenantId, line.scopes)
    const adjusted = kind === 'adjust' && adjusts !== null ? this.#findAdjusted(tenant, tenantId, adjusts) : undefined
    const { changes } = this.#run.insertLine.run(id, tenant, run, at, adjusts, kind, scopes.json, entry)
    if (changes === 0) return
    this.#count(tenantId, line, scopes.counted, adjusted)
    // Only what is outside of runs expires.
    const reservation = run === null ? this.#reservations.find(tenant, id) : undefined
    if (reservation?.isSwept === true) this.#reservations.remove(reservation)
  }

  #count(tenantId: TenantId, line: EncodedLine, counted: readonly number[], adjusted: Adjusted | undefined): void {
    if (!adjusted) {
      this.#sums.add(counted, line)
      return
    }
    const { id, at, kind } = line
    // JSON of our own main thread, typed there.
    const entry = JSON.parse(line.entry) as CallEntry
    const charge = chargeOf({ id, at, kind, tenant: tenantId, scopes: [], entry }, adjusted)
    const place = this.#sums.scopesOf(tenantId, JSON.stringify(adjusted.line.scopes))
    this.#sums.add(place.counted, charge)
  }

  /** The line that a correction is added to, and the state of its cost before it. */
  #findAdjusted(tenant: number, tenantId: TenantId, call: string): Adjusted | undefined {
    const found = this.#run.findLine.get(call, tenant)
    if (!found) return undefined
    const last = this.#run.findLastAdjustment.get(call, tenant)
    // Written by this class from typed values, as what `last` holds.
    const entry = JSON.parse(text(found, 'entry')) as CallEntry
    const latest = last ? (JSON.parse(text(last, 'entry')) as CallEntry) : entry
    const scopes = this.#sums.namesOf(text(found, 'scopes'))
    const line: LedgerEntry = { id: call, at: integer(found, 'at'), kind: 'call', tenant: tenantId, scopes, entry }
    return { line, status: latest.cost.status }
  }
}
