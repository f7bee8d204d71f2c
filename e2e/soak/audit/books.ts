import type { LedgerEntry } from '@meepo/core'
import type { JournalEntry } from '@meepo/simulator'

/** When a worker was killed, milliseconds since 1970. */
export type KillTimes = readonly number[]

/** An attempt may be unknown only if it ended so shortly before a kill, or after it. */
const graceMs = 100

/** What the comparison of ledger and invoice found. */
export interface BooksReport {
  readonly problems: readonly string[]
  readonly billed: number
  readonly unknown: number
  /** Pico-dollars, summed on both sides over lines that match. */
  readonly ledgerPico: bigint
  readonly invoicePico: bigint
  /** What unknown lines reserve beyond what was billed for them. */
  readonly reservedForUnknownPico: bigint
}

/**
 * Compares line by line: every billed request has exactly one line of the same amount, or one that is marked unknown with at
 * least that amount; every line with an amount was billed.
 */
export function compareBooks(
  ledger: readonly LedgerEntry[],
  invoice: readonly JournalEntry[],
  kills: KillTimes,
): BooksReport {
  const problems: string[] = []
  const lines = new Map<string, LedgerEntry>()
  for (const line of ledger) {
    if (lines.has(line.id)) problems.push(`two lines of ${line.id}`)
    lines.set(line.id, line)
  }
  const sums = { billed: 0, unknown: 0, ledgerPico: 0n, invoicePico: 0n, reservedForUnknownPico: 0n }
  const seen = new Set<string>()
  for (const request of invoice) {
    const id = request.attemptId ?? ''
    if (request.billed) sums.billed++
    if (seen.has(id)) problems.push(`sent twice: ${id}`)
    seen.add(id)
    const amount = BigInt(request.amountPico ?? 0)
    const line = lines.get(id)
    if (!line) problems.push(`request ${request.number} (${id}) has no line`)
    else if (line.entry.cost.status === 'unknown') {
      sums.unknown++
      sums.reservedForUnknownPico += BigInt(line.entry.cost.picoDollars ?? 0) - amount
      problems.push(...unknownProblems(line, request, amount, kills))
    } else {
      sums.invoicePico += amount
      sums.ledgerPico += BigInt(line.entry.cost.picoDollars ?? 0)
      if (line.entry.cost.picoDollars !== String(amount))
        problems.push(`${id}: booked ${line.entry.cost.picoDollars} (${line.entry.outcome}), billed ${amount}`)
    }
  }
  for (const line of ledger) {
    const { cost } = line.entry
    if (seen.has(line.id) || BigInt(cost.picoDollars ?? 0) === 0n) continue
    if (cost.status === 'unknown') sums.unknown++
    else problems.push(`${line.id}: booked ${cost.picoDollars}, but it was never sent`)
  }
  return { problems, ...sums }
}

function unknownProblems(line: LedgerEntry, request: JournalEntry, amount: bigint, kills: KillTimes): string[] {
  const { endedAt = Infinity } = request
  const isExcused = kills.some((at) => endedAt >= at - graceMs && request.startedAt <= at + graceMs)
  return [
    ...(isExcused ? [] : [`${line.id} is unknown although no kill explains it`]),
    ...(BigInt(line.entry.cost.picoDollars ?? 0) >= amount ? [] : [`${line.id}: reserved less than was billed`]),
  ]
}
