import type { Money } from '@meepo/core'
import type { Reader } from '../read/reader.ts'
import { integer, optionalText, text } from '../row.ts'

/** Money rows. */
export function createMoney(reader: Reader): Money {
  return {
    ledger: async (scope, runId) =>
      reader.all('ledger', reader.findRun(scope, runId).key).map((found) => ({
        id: text(found, 'entry_id'),
        at: integer(found, 'at'),
        attemptId: text(found, 'attempt_id'),
        scopes: JSON.parse(text(found, 'scopes')),
        picoDollars: optionalText(found, 'pico_dollars') ?? null,
      })),
    reservations: async (scope, runId) =>
      reader.all('reservations', reader.findRun(scope, runId).key).map((found) => ({
        id: text(found, 'reservation_id'),
        scopes: JSON.parse(text(found, 'scopes')),
        picoDollars: text(found, 'pico_dollars'),
      })),
  }
}
