import type { AppendExtras, LedgerEntry, Reservation, Settlement } from '@meepo/core'
import { chargeOf, readAccounts, readPositive } from '@meepo/core/store-rules'
import type { Batch } from '../protocol.ts'

/** What concerns money in one write. */
export type MoneyExtras = Pick<AppendExtras, 'reserve' | 'settle' | 'ledger'>

/** See `protocol.ts`. Amounts are read here, so that what is no money throws before anything is posted. */
export function pushMoney(batch: Batch, { reserve = [], settle = [], ledger = [] }: MoneyExtras): void {
  batch.push(reserve.length, settle.length, ledger.length)
  for (const reservation of reserve) pushReservation(batch, reservation)
  for (const settlement of settle) pushSettlement(batch, settlement)
  for (const line of ledger) pushLine(batch, line)
}

function pushReservation(batch: Batch, { id, picoDollars, atLeast, accounts, expiresAt }: Reservation): void {
  readPositive(picoDollars)
  readPositive(atLeast)
  readAccounts(accounts)
  batch.push(id, picoDollars, atLeast, JSON.stringify(accounts), expiresAt ?? null)
}

function pushSettlement(batch: Batch, { id, picoDollars }: Settlement): void {
  readPositive(picoDollars)
  batch.push(id, picoDollars)
}

function pushLine(batch: Batch, line: LedgerEntry): void {
  const { day, model, sums } = chargeOf(line)
  batch.push(
    line.id,
    line.at,
    line.runId ?? null,
    line.kind,
    line.adjusts ?? null,
    JSON.stringify(line.scopes),
    JSON.stringify(line.entry),
    day,
    model,
    String(sums.picoDollars),
    String(sums.savedPicoDollars),
    sums.calls,
    sums.unpricedCalls,
    sums.unknownCalls,
    sums.inputTokens,
    sums.cacheReadTokens,
    sums.cacheWriteTokens,
    sums.outputTokens,
    sums.reasoningTokens,
  )
}
