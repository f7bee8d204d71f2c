import type { RunId, TenantId } from '../base/ids.ts'
import type { CostQuery, CostRow, LedgerEntry } from '../store/money.ts'
import {
  addSums,
  chargeOf,
  noSums,
  planReport,
  reportOf,
  rollUpsOfLine,
  type Adjusted,
  type RollUp,
} from '../store/roll-up.ts'
import { copyOf } from './copy-of.ts'
import { moneyKey } from './memory-accounts.ts'

/** A line of the ledger with its place in it. */
interface MemoryLine {
  readonly cursor: number
  readonly line: LedgerEntry
}

/** The ledger of a memory store, and the sums of its lines. */
export interface MemoryLedger {
  /** By {@link moneyKey}, in the order of booking. */
  readonly lines: Map<string, MemoryLine>
  /** By tenant, then by scope, day and model. They stay when their lines are forgotten. */
  readonly rollUps: Map<TenantId, Map<string, RollUp>>
  lastCursor: number
}

/** A line as it is stored: of this tenant and run, whatever it says itself. Throws for what is not JSON or no money. */
export function readLine(tenant: TenantId, runId: RunId | undefined, line: LedgerEntry): LedgerEntry {
  const copy = copyOf({ ...line, tenant, ...(runId === undefined ? {} : { runId }) })
  chargeOf(copy)
  return copy
}

/** Writes a line and adds it to the sums, once per id. The caller read it. */
export function bookLine(ledger: MemoryLedger, line: LedgerEntry): void {
  const key = moneyKey(line.tenant, line.id)
  if (ledger.lines.has(key)) return
  const charge = chargeOf(line, findAdjusted(ledger, line))
  ledger.lines.set(key, { cursor: ++ledger.lastCursor, line })
  const rollUps = ledger.rollUps.get(line.tenant) ?? new Map<string, RollUp>()
  ledger.rollUps.set(line.tenant, rollUps)
  for (const scope of charge.scopes) {
    const { day, model } = charge
    const place = `${scope}\n${day}\n${model}`
    const rollUp = rollUps.get(place) ?? { scope, day, model, sums: noSums() }
    rollUps.set(place, rollUp)
    addSums(rollUp.sums, charge.sums)
  }
}

/** Answers a query for one tenant, or for all. */
export function report(ledger: MemoryLedger, tenant: TenantId | undefined, query: CostQuery): readonly CostRow[] {
  return reportOf(rollUpsFor(ledger, tenant, query), query)
}

function* rollUpsFor(ledger: MemoryLedger, tenant: TenantId | undefined, query: CostQuery): Generator<RollUp> {
  const plan = planReport(query)
  if (plan.kind === 'lines') {
    for (const { line } of ledger.lines.values()) {
      if (tenant !== undefined && line.tenant !== tenant) continue
      yield* rollUpsOfLine(chargeOf(line, findAdjusted(ledger, line)), plan.scope, plan.prefix)
    }
    return
  }
  for (const [owner, rollUps] of ledger.rollUps) {
    if (tenant !== undefined && owner !== tenant) continue
    for (const rollUp of rollUps.values()) {
      const isIn = plan.kind === 'scope' ? rollUp.scope === plan.scope : rollUp.scope.startsWith(plan.prefix)
      if (isIn) yield rollUp
    }
  }
}

/** What a correction is added to, as it was just before it. */
function findAdjusted(ledger: MemoryLedger, line: LedgerEntry): Adjusted | undefined {
  if (line.kind !== 'adjust' || line.adjusts === undefined) return undefined
  const found = ledger.lines.get(moneyKey(line.tenant, line.adjusts))
  if (found === undefined) return undefined
  let { status } = found.line.entry.cost
  for (const { line: other } of ledger.lines.values()) {
    if (other.id === line.id) break
    if (other.tenant === line.tenant && other.adjusts === line.adjusts) status = other.entry.cost.status
  }
  return { line: found.line, status }
}
