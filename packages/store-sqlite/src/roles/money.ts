import type { Alert, Balance, Grant, Money, Reservation, Swept } from '@meepo/core'
import { readPositive } from '@meepo/core/store-rules'
import { tenantOf } from '../client/encode.ts'
import type { WriteQueue } from '../client/queue.ts'
import { report } from '../read/costs.ts'
import { readLedger } from '../read/ledger.ts'
import type { Reader } from '../read/reader.ts'
import { integer, optionalNumber, optionalText, text, type Row } from '../row.ts'

/** Accounts that a list shows unless said. */
const listedAccounts = 1_000
/** Behind every character that a key holds. */
const behindAll = '\u{10ffff}'

/** Money. Reports and lists read on the main thread; every change goes through the writer. */
export function createMoney(queue: WriteQueue, reader: Reader): Money {
  return {
    ledger: async (scope, filter = {}) => readLedger(reader, scope, filter),
    reservations: async (scope, runId) => {
      const run = runId === undefined ? null : reader.findRun(scope, runId).key
      return reader.all('reservations', tenantOf(scope), run).map(toReservation)
    },
    balances: async (keys) =>
      keys.map((key) => {
        const [found] = reader.all('balance', key)
        return found ? toBalance(found) : { key, settled: '0', reserved: '0' }
      }),
    accounts: async (prefix, limit = listedAccounts) =>
      reader.all('accounts', prefix, prefix + behindAll, limit).map(toBalance),
    setLimit: async (key, picoDollars) => {
      if (picoDollars !== undefined) readPositive(picoDollars)
      await queue.command({ kind: 'setLimit', key, most: picoDollars ?? null })
    },
    reserve: async ({ tenant }, reservation) => {
      // One grant per reservation.
      const [grant] = (await queue.money(tenant, { reserve: [reservation] })) as readonly [Grant]
      return grant
    },
    book: async ({ tenant }, settle, ledger) => {
      await queue.money(tenant, { settle, ledger })
    },
    beat: async (calls, expiresAt) => {
      await queue.command({ kind: 'putOff', calls, expiresAt })
    },
    // The writer answers this command with them.
    sweep: async (now) => (await queue.command({ kind: 'sweep', now })) as readonly Swept[],
    report: async (scope, query) => report(reader, scope, query),
    alerts: async () => reader.all('alerts').map(toAlert),
    raise: async (alert) => {
      await queue.command({ kind: 'raise', alert })
    },
    // The writer answers this command with it.
    rename: async (scope, from, to) =>
      (await queue.command({ kind: 'rename', tenant: tenantOf(scope), from, to })) as number,
    takeOff: async (alerts) => {
      await queue.command({ kind: 'takeOff', alerts })
    },
  }
}

function toReservation(found: Row): Reservation {
  const expiresAt = optionalNumber(found, 'expires_at')
  return {
    id: text(found, 'call'),
    picoDollars: text(found, 'granted'),
    atLeast: text(found, 'at_least'),
    accounts: JSON.parse(text(found, 'accounts')),
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

function toBalance(found: Row): Balance {
  const limit = optionalText(found, 'most')
  return {
    key: text(found, 'key'),
    settled: text(found, 'settled'),
    reserved: text(found, 'reserved'),
    ...(limit === undefined ? {} : { limit }),
  }
}

function toAlert(found: Row): Alert {
  return {
    id: text(found, 'alert'),
    at: integer(found, 'at'),
    key: text(found, 'key'),
    mark: text(found, 'mark'),
    settled: text(found, 'settled'),
    reserved: text(found, 'reserved'),
    limit: text(found, 'most'),
  }
}
