import type { Arrival, JournalEntry, JournalTotals, Outcome } from './entry.ts'
import type { JournalFile } from './journal-file.ts'

/** The invoice, as callers read it. */
export interface Journal {
  /** The entries numbered above `after` (default 0: all that are kept), in order of arrival. */
  entries(after?: number): readonly JournalEntry[]
  totals(): JournalTotals
  /** Resolves as soon as no request is open: clients that just left have been noticed and charged. */
  settled(): Promise<void>
}

/** The writing side, held by the server only. */
export interface JournalWriter extends Journal {
  /** Takes a number and records the arrival, in the file first. */
  start(arrival: Arrival): JournalEntry
  /** Completes an entry; once per entry. */
  end(entry: JournalEntry, outcome: Outcome): void
}

/**
 * A journal in memory, mirrored to a file when given.
 *
 * @param limit how many entries are kept in memory; the oldest go first. The file keeps all.
 */
export function createJournal(limit: number, file?: JournalFile): JournalWriter {
  const firstNumber = (file?.lastNumber ?? 0) + 1
  const kept: JournalEntry[] = []
  let dropped = 0
  let [requests, open, billed, inputTokens, outputTokens] = [0, 0, 0, 0, 0]
  let amount = 0n
  let waiting: (() => void)[] = []

  return {
    start(arrival) {
      const entry: JournalEntry = {
        number: firstNumber + requests,
        ...arrival,
        startedAt: Date.now(),
        inputTokens: 0,
        outputTokens: 0,
        billed: false,
        aborted: false,
      }
      file?.write({ phase: 'started', ...entry })
      requests += 1
      open += 1
      kept.push(entry)
      if (kept.length > limit) {
        kept.shift()
        dropped += 1
      }
      return entry
    },
    end(entry, outcome) {
      const ended: JournalEntry = { ...entry, ...outcome, endedAt: Date.now() }
      open -= 1
      if (ended.billed) billed += 1
      inputTokens += ended.inputTokens
      outputTokens += ended.outputTokens
      if (ended.amountPico !== undefined) amount += BigInt(ended.amountPico)
      const index = entry.number - firstNumber - dropped
      if (index >= 0) kept[index] = ended
      if (open === 0 && waiting.length > 0) {
        for (const wake of waiting) wake()
        waiting = []
      }
      const { body: _body, ...facts } = ended
      file?.write({ phase: 'ended', ...facts })
    },
    entries: (after = 0) => kept.slice(Math.max(0, after + 1 - firstNumber - dropped)),
    totals: () => ({ requests, open, billed, inputTokens, outputTokens, amountPico: String(amount) }),
    settled: () => (open === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.push(resolve))),
  }
}
