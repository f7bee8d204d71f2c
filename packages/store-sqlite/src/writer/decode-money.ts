import type { CostSums } from '@meepo/core/store-rules'
import type { EncodedLine, EncodedReservation, MoneyPart } from '../protocol.ts'
import type { Cursor } from './cursor.ts'

/** Reads what `client/encode-money.ts` pushed. */
export function decodeMoney(from: Cursor): MoneyPart {
  const reservations = from.number()
  const settlements = from.number()
  const lines = from.number()
  return {
    reserve: list(reservations, () => decodeReservation(from)),
    settle: list(settlements, () => ({ id: from.text(), picoDollars: from.text() })),
    ledger: list(lines, () => decodeLine(from)),
  }
}

function decodeReservation(from: Cursor): EncodedReservation {
  return {
    id: from.text(),
    picoDollars: from.text(),
    atLeast: from.text(),
    accounts: from.text(),
    expiresAt: from.optionalNumber(),
  }
}

function decodeLine(from: Cursor): EncodedLine {
  return {
    id: from.text(),
    at: from.number(),
    runId: from.optionalText(),
    kind: from.text() === 'adjust' ? 'adjust' : 'call',
    adjusts: from.optionalText(),
    scopes: from.text(),
    entry: from.text(),
    day: from.text(),
    model: from.text(),
    sums: decodeSums(from),
  }
}

function decodeSums(from: Cursor): CostSums {
  return {
    picoDollars: BigInt(from.text()),
    savedPicoDollars: BigInt(from.text()),
    calls: from.number(),
    unpricedCalls: from.number(),
    unknownCalls: from.number(),
    inputTokens: from.number(),
    cacheReadTokens: from.number(),
    cacheWriteTokens: from.number(),
    outputTokens: from.number(),
    reasoningTokens: from.number(),
  }
}

const none: readonly never[] = []

function list<T>(count: number, next: () => T): readonly T[] {
  if (count === 0) return none
  const items: T[] = []
  for (let index = 0; index < count; index++) items.push(next())
  return items
}
