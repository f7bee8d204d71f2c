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
  type Charge,
  type RollUp,
} from '../store/roll-up.ts'
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
  /** By tenant, day and model, then by scope. They stay when their lines are forgotten. */
  readonly rollUps: Map<string, { readonly tenant: TenantId; readonly scopes: Map<string, RollUp> }>
  lastCursor: number
  /** Calls of runs that were removed while their lines stay, by {@link moneyKey} of the run. */
  readonly pastCalls: Map<string, string[]>
}

/** A line that can be stored, and what it adds to the sums unless it corrects another. */
export interface ReadyLine {
  readonly line: LedgerEntry
  readonly charge: Charge
}

/** A line as it is stored: of this tenant and run, whatever it says itself. Throws for what is no money. */
export function readLine(tenant: TenantId, runId: RunId | undefined, given: LedgerEntry): ReadyLine {
  // Its entry is kept as it is: by contract nobody changes it any more. Readers get copies.
  const line = { ...given, tenant, ...(runId === undefined ? {} : { runId }) }
  return { line, charge: chargeOf(line) }
}

/** Writes a line and adds it to the sums, once per id. */
export function bookLine(ledger: MemoryLedger, { line, charge: own }: ReadyLine): void {
  const { tenant } = line
  const key = moneyKey(tenant, line.id)
  if (ledger.lines.has(key)) return
  const adjusted = findAdjusted(ledger, line)
  const { scopes, day, model, sums } = adjusted ? chargeOf(line, adjusted) : own
  ledger.lines.set(key, { cursor: ++ledger.lastCursor, line })
  const place = `${tenant}\n${day}\n${model}`
  const rollUps = ledger.rollUps.get(place) ?? { tenant, scopes: new Map<string, RollUp>() }
  ledger.rollUps.set(place, rollUps)
  for (const scope of scopes) {
    let rollUp = rollUps.scopes.get(scope)
    if (!rollUp) rollUps.scopes.set(scope, (rollUp = { scope, day, model, sums: noSums() }))
    addSums(rollUp.sums, sums)
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
  for (const { tenant: owner, scopes } of ledger.rollUps.values()) {
    if (tenant !== undefined && owner !== tenant) continue
    for (const rollUp of scopes.values()) {
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
