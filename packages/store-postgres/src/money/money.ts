import type { Account, Alert, Balance, Grant, Money, Reservation, Scope, Swept } from '@meepo/core'
import { readPositive } from '@meepo/core/store-rules'
import { integers, texts } from '../database/arrays.ts'
import type { Database } from '../database/database.ts'
import type { Value } from '../database/statement.ts'
import type { Transaction } from '../database/transaction.ts'
import { report } from '../read/costs.ts'
import { readLedger } from '../read/ledger.ts'
import type { Reader } from '../read/reader.ts'
import { tenantOf } from '../write/encode.ts'
import type { Lanes } from '../write/lanes.ts'
import { Accounts, runOfAccount } from './accounts.ts'
import { renameScope } from './rename.ts'
import { moneySql } from './sql.ts'
import { accountsOf } from './write-money.ts'

/** Accounts that a list shows unless said. */
const listedAccounts = 1_000
/** Behind every character that a key holds. */
const behindAll = '\u{10ffff}'

/** The statements that read what money is set aside, balances and alerts. */
export const moneyListSql = {
  // A scan: as many rows as calls are under way.
  open: `SELECT call, granted, at_least, accounts, expires_at FROM reservations
    WHERE NOT swept AND ($1::text IS NULL OR tenant = $1) ORDER BY id`,
  // reservations_run
  openOfRun: `SELECT call, granted, at_least, accounts, expires_at FROM reservations
    WHERE NOT swept AND ($1::text IS NULL OR tenant = $1) AND run = $2 ORDER BY id`,
  // accounts primary key, or a range of it.
  balances: 'SELECT key, settled, reserved, most FROM accounts WHERE key = ANY ($1::text[])',
  list: 'SELECT key, settled, reserved, most FROM accounts WHERE key >= $1 AND key < $2 ORDER BY key LIMIT $3',
  // alerts_waiting
  alerts: `SELECT alert AS id, at, key, mark, settled, reserved, most AS "limit" FROM alerts
    WHERE NOT is_told ORDER BY alerts.id`,
} as const

interface OpenRow {
  readonly call: string
  readonly granted: string
  readonly at_least: string
  readonly accounts: string
  readonly expires_at: number | null
}

interface SweptRow extends OpenRow {
  readonly id: number
  readonly tenant: string
  readonly swept: boolean
}

interface AccountRow {
  readonly key: string
  readonly settled: string
  readonly reserved: string
  readonly most: string | null
}

/** Money. What belongs to calls goes through the lanes, the rest is a transaction of its own. */
export function createMoney(database: Database, lanes: Lanes, reader: Reader): Money {
  const run = async (text: string, ...values: readonly Value[]): Promise<void> => {
    await database.command((transaction) => transaction.run(text, ...values))
  }
  return {
    ledger: (scope, filter = {}) => readLedger(database, reader, scope, filter),
    reservations: (scope, runId) => reservations(database, reader, scope, runId),
    balances: async (keys) => {
      const rows = await database.all<AccountRow>(moneyListSql.balances, texts(keys))
      const found = new Map(rows.map((row) => [row.key, toBalance(row)]))
      return keys.map((key) => found.get(key) ?? { key, settled: '0', reserved: '0' })
    },
    accounts: async (prefix, limit = listedAccounts) =>
      (await database.all<AccountRow>(moneyListSql.list, prefix, prefix + behindAll, limit)).map(toBalance),
    setLimit: async (key, picoDollars) => {
      if (picoDollars !== undefined) readPositive(picoDollars)
      await run(moneySql.setLimit, key, picoDollars ?? null, runOfAccount(key))
    },
    reserve: async ({ tenant }, reservation) => {
      // One grant per reservation.
      const [grant] = (await lanes.money(tenant, { reserve: [reservation] })) as readonly [Grant]
      return grant
    },
    book: async ({ tenant }, settle, ledger) => {
      await lanes.money(tenant, { settle, ledger })
    },
    beat: (calls, expiresAt) => run(moneySql.putOff, texts(calls), expiresAt),
    sweep: (now) => database.command((transaction) => sweep(transaction, now)),
    report: (scope, query) => report(database, reader, scope, query),
    alerts: () => database.all<Alert>(moneyListSql.alerts),
    raise: ({ id, at, key, mark, settled, reserved, limit }) =>
      run(moneySql.raiseAlert, id, at, key, mark, settled, reserved, limit),
    rename: (scope, from, to) => database.command((transaction) => renameScope(transaction, tenantOf(scope), from, to)),
    takeOff: (alerts) => run(moneySql.takeAlertsOff, texts(alerts)),
  }
}

async function reservations(
  database: Database,
  reader: Reader,
  scope: Scope,
  runId: string | undefined,
): Promise<readonly Reservation[]> {
  const tenant = tenantOf(scope)
  const rows =
    runId === undefined
      ? await database.all<OpenRow>(moneyListSql.open, tenant)
      : await database.all<OpenRow>(moneyListSql.openOfRun, tenant, (await reader.findRun(scope, runId)).id)
  return rows.map(toReservation)
}

async function sweep(transaction: Transaction, now: number): Promise<readonly Swept[]> {
  const rows = await transaction.all<SweptRow>(moneySql.expired, now)
  const fresh = rows.filter(({ swept }) => !swept).map((row) => ({ row, accounts: accountsOf(row.accounts) }))
  if (fresh.length > 0) {
    const charged = fresh.flatMap(({ accounts }) => accounts)
    const accounts = await Accounts.lock(transaction, charged, [], new Set())
    for (const one of fresh) {
      const granted = BigInt(one.row.granted)
      accounts.change(one.accounts, -granted, granted)
    }
    await Promise.all([
      accounts.write(transaction),
      transaction.run(moneySql.markSwept, integers(fresh.map(({ row }) => row.id))),
    ])
  }
  return rows.map((row) => ({ tenant: row.tenant, ...toReservation(row) }))
}

function toReservation({ call, granted, at_least: atLeast, accounts, expires_at: expiresAt }: OpenRow): Reservation {
  return {
    id: call,
    picoDollars: granted,
    atLeast,
    // JSON that this package wrote from this type.
    accounts: JSON.parse(accounts) as readonly Account[],
    ...(expiresAt === null ? {} : { expiresAt }),
  }
}

function toBalance({ key, settled, reserved, most }: AccountRow): Balance {
  return { key, settled, reserved, ...(most === null ? {} : { limit: most }) }
}
