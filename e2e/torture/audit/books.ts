import { isDeepStrictEqual } from 'node:util'
import type { CallEntry, LedgerEntry, Store } from '@meepo/core'
import type { SeenRun } from '../watch.ts'
import type { Evidence } from './audit.ts'
import type { Violation } from './violation.ts'

const rule = 'every call is in the books, once'

/** Log and ledger tell the same calls, the sums are those of the ledger, and no ended run holds money back. */
export async function auditBooks({ runs }: Evidence, store: Store): Promise<readonly Violation[]> {
  const lines = await readLedger(store)
  const found: Violation[] = []
  for (const run of runs.values()) found.push(...auditRun(run, lines.get(run.runId) ?? []))
  for (const { id } of await store.money.reservations('system')) {
    // The id of a call begins with its run.
    const run = runs.get(id.slice(0, id.indexOf('/')))
    if (run?.isEnded === true) found.push({ rule, text: `${id}: money is still set aside though its run ended` })
  }
  const booked = [...lines.values()].flat().reduce((sum, { entry }) => sum + BigInt(entry.cost.picoDollars ?? '0'), 0n)
  const [total] = await store.money.report('system', { by: 'total' })
  if (total?.picoDollars !== String(booked)) {
    found.push({ rule, text: `the sums say ${total?.picoDollars} pico-dollars, the ledger ${booked}` })
  }
  return found
}

function auditRun(run: SeenRun, lines: readonly LedgerEntry[]): readonly Violation[] {
  const open = new Set<string>()
  const settled = new Map<string, CallEntry>()
  const found: Violation[] = []
  for (const { event } of run.events) {
    if (event.type === 'call.started') open.add(event.data.call)
    if (event.type !== 'call.settled') continue
    const { call, entry } = event.data
    open.delete(call)
    if (settled.has(call)) found.push({ rule, text: `${call}: its end is in the log twice` })
    settled.set(call, entry)
  }
  if (run.isEnded)
    for (const call of open) found.push({ rule, text: `${call}: its run ended, and nobody knows how it did` })
  for (const { id, entry } of lines) {
    if (!isDeepStrictEqual(settled.get(id), entry)) found.push({ rule, text: `${id}: log and ledger differ` })
  }
  if (settled.size !== lines.length) {
    found.push({ rule, text: `${run.runId}: ${settled.size} calls in the log, ${lines.length} in the ledger` })
  }
  return found
}

/** All lines, by run. */
async function readLedger(store: Store): Promise<ReadonlyMap<string, readonly LedgerEntry[]>> {
  const byRun = new Map<string, LedgerEntry[]>()
  for (let after = 0; ;) {
    const page = await store.money.ledger('system', { after })
    for (const { cursor: at, ...line } of page) {
      after = at
      const runId = line.runId ?? ''
      const lines = byRun.get(runId)
      if (lines) lines.push(line)
      else byRun.set(runId, [line])
    }
    if (page.length === 0) return byRun
  }
}
