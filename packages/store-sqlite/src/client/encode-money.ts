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
  batch.push(id, picoDollars, atLeast, accountsText(accounts), expiresAt ?? null)
}

function accountsText(accounts: Reservation['accounts']): string {
  readAccounts(accounts)
  return textOf(accounts)
}

/** All calls of a run bring the same accounts and scopes. */
const texts = new WeakMap<readonly unknown[], string>()

function textOf(list: readonly unknown[]): string {
  const known = texts.get(list)
  if (known !== undefined) return known
  const text = JSON.stringify(list)
  texts.set(list, text)
  return text
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
    textOf(line.scopes),
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
