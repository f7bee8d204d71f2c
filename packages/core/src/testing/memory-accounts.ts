import type { Balance, Grant, Reservation } from '../admission/money.ts'
import type { RunId, TenantId } from '../base/ids.ts'
import {
  decideGrant,
  reachedMarks,
  readAccounts,
  readPositive,
  type AccountState,
  type ChargedAccount,
} from '../store/account-rules.ts'
import type { Alert } from '../store/money.ts'
import { copyOf } from './copy-of.ts'

/** A reservation that nobody settled, or that was swept and is not in the ledger yet. */
export interface MemoryReservation {
  readonly tenant: TenantId
  readonly runId: RunId | undefined
  readonly made: Reservation
  readonly granted: bigint
  readonly accounts: readonly ChargedAccount[]
  expiresAt: number | undefined
  isSwept: boolean
}

/** Balances, reservations and alerts of a memory store. */
export interface MemoryAccounts {
  readonly accounts: Map<string, AccountState>
  /** By {@link moneyKey}. */
  readonly reservations: Map<string, MemoryReservation>
  readonly alerts: Map<string, { readonly alert: Alert; isTold: boolean }>
}

/** A reservation whose amounts were read: nothing of it can be refused any more. */
export interface ReadyReservation {
  readonly made: Reservation
  readonly accounts: readonly ChargedAccount[]
}

/** The key of a call of a tenant. */
export function moneyKey(tenant: TenantId, id: string): string {
  return `${tenant}\n${id}`
}

/** Reads all amounts. Throws `money.invalid`. */
export function readReservation(reservation: Reservation): ReadyReservation {
  readPositive(reservation.picoDollars)
  readPositive(reservation.atLeast)
  // Kept as it is: by contract nobody changes it any more. Readers get copies.
  return { made: reservation, accounts: readAccounts(reservation.accounts) }
}

/** Sets money aside on all accounts, or refuses and changes nothing. A repeated id gets the answer that it had. */
export function reserve(
  state: MemoryAccounts,
  now: number,
  tenant: TenantId,
  runId: RunId | undefined,
  { made, accounts }: ReadyReservation,
): Grant {
  const key = moneyKey(tenant, made.id)
  const before = state.reservations.get(key)
  if (before !== undefined) return { id: made.id, kind: 'granted', picoDollars: String(before.granted) }
  const grant = decideGrant(made, accounts, (account) => state.accounts.get(account))
  if (grant.kind === 'refused') return grant
  const granted = BigInt(grant.picoDollars)
  for (const account of accounts) accountOf(state, account.key).reserved += granted
  const isOutside = runId === undefined
  const expiresAt = isOutside ? made.expiresAt : undefined
  state.reservations.set(key, { tenant, runId, made, granted, accounts, expiresAt, isSwept: false })
  tellMarks(state, now, accounts)
  return grant
}

/** Ends a reservation. Unknown ids and those that were swept change nothing. */
export function settle(state: MemoryAccounts, now: number, tenant: TenantId, id: string, spent: bigint): void {
  const key = moneyKey(tenant, id)
  const reservation = state.reservations.get(key)
  if (reservation === undefined) return
  state.reservations.delete(key)
  if (!reservation.isSwept) spend(state, now, reservation, spent)
}

/** Counts what was set aside as spent, all of it, and keeps the reservation until it is in the ledger. */
export function sweepReservation(state: MemoryAccounts, now: number, reservation: MemoryReservation): void {
  reservation.isSwept = true
  spend(state, now, reservation, reservation.granted)
}

/** Removes a swept reservation, as it is in the ledger now. */
export function forgetSwept(state: MemoryAccounts, tenant: TenantId, id: string): void {
  const key = moneyKey(tenant, id)
  if (state.reservations.get(key)?.isSwept === true) state.reservations.delete(key)
}

/** A reservation as it is told: with what was granted. */
export function toReservation({ made, granted, expiresAt }: MemoryReservation): Reservation {
  return { ...copyOf(made), picoDollars: String(granted), ...(expiresAt === undefined ? {} : { expiresAt }) }
}

/** Sets or lifts the limit that the store holds. */
export function setStoredLimit(state: MemoryAccounts, key: string, limit: bigint | undefined): void {
  accountOf(state, key).limit = limit
}

/** What an account holds. */
export function balanceOf(key: string, account: AccountState | undefined): Balance {
  return {
    key,
    settled: String(account?.settled ?? 0n),
    reserved: String(account?.reserved ?? 0n),
    ...(account?.limit === undefined ? {} : { limit: String(account.limit) }),
  }
}

/** Writes an alert unless one of its id was ever written. */
export function raiseAlert(state: MemoryAccounts, alert: Alert): void {
  if (!state.alerts.has(alert.id)) state.alerts.set(alert.id, { alert: copyOf(alert), isTold: false })
}

function spend(state: MemoryAccounts, now: number, { accounts, granted }: MemoryReservation, spent: bigint): void {
  for (const { key } of accounts) {
    const account = accountOf(state, key)
    account.reserved -= granted
    account.settled += spent
  }
  tellMarks(state, now, accounts)
}

function tellMarks(state: MemoryAccounts, now: number, accounts: readonly ChargedAccount[]): void {
  for (const account of accounts) {
    for (const reached of reachedMarks(account, (key) => state.accounts.get(key))) {
      const { id, earlier, mark, settled, reserved, limit } = reached
      if (earlier.some((other) => state.alerts.has(other))) continue
      raiseAlert(state, {
        id,
        at: now,
        key: account.key,
        mark,
        settled: String(settled),
        reserved: String(reserved),
        limit: String(limit),
      })
    }
  }
}

function accountOf(state: MemoryAccounts, key: string): AccountState {
  const known = state.accounts.get(key)
  if (known !== undefined) return known
  const account: AccountState = { settled: 0n, reserved: 0n, limit: undefined }
  state.accounts.set(key, account)
  return account
}
