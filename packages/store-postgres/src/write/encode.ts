import {
  encodedType,
  MeepoError,
  type AppendExtras,
  type LedgerEntry,
  type NewEvent,
  type Reservation,
  type Scope,
  type TenantId,
} from '@meepo/core'
import { chargeOf, readAccounts, readPositive } from '@meepo/core/store-rules'
import type { EncodedEvent, PartMoney, ReadLine, ReadReservation } from './part.ts'

/** What concerns money in one write. */
export type MoneyExtras = Pick<AppendExtras, 'reserve' | 'settle' | 'ledger'>

/** The tenant that a statement is limited to, or null for the system scope. */
export function tenantOf(scope: Scope): TenantId | null {
  return scope === 'system' ? null : scope.tenant
}

/** Throws `json.invalid` for data that is not JSON. */
export function encodeEvent(event: NewEvent): EncodedEvent {
  const { type, at, data } = event
  try {
    return { type: encodedType(type), at, data: JSON.stringify(data) }
  } catch (cause) {
    throw new MeepoError('json.invalid', `the data of ${type} is not JSON: ${String(cause)}`, { cause })
  }
}

/** Reads all amounts, so that what is no money throws before anything is sent. */
export function readMoney({ reserve = [], settle = [], ledger = [] }: MoneyExtras): PartMoney {
  for (const { picoDollars } of settle) readPositive(picoDollars)
  return { reserve: reserve.map(readReservation), settle, ledger: ledger.map(readLine) }
}

function readReservation(reservation: Reservation): ReadReservation {
  readPositive(reservation.picoDollars)
  readPositive(reservation.atLeast)
  const accounts = readAccounts(reservation.accounts)
  return { reservation, accounts, json: JSON.stringify(reservation.accounts) }
}

function readLine(line: LedgerEntry): ReadLine {
  const charge = chargeOf(line)
  return { line, charge, scopes: JSON.stringify(line.scopes), entry: JSON.stringify(line.entry) }
}
