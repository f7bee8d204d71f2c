import type { CallCost } from '../base/call-entry.ts'
import type { Scope } from '../base/ids.ts'
import type { LedgerEntry, Money } from '../store/money.ts'

/** Which calls to price again, and how. */
export interface RepriceOptions {
  /**
   * What a call costs by the new prices; undefined leaves it as it is. Called once per call, in the order in which
   * they were booked. What it throws ends the re-pricing; what was booked before stays.
   */
  readonly price: (line: LedgerEntry) => { readonly picoDollars: string; readonly card: string } | undefined
  /** When calls were booked, milliseconds since 1970, both included. */
  readonly since?: number
  readonly until?: number
  readonly runId?: string
  /** Only says what would be booked. */
  readonly isDryRun?: boolean
}

/** What a re-pricing did. */
export interface Repriced {
  /** Calls that were looked at. */
  readonly calls: number
  /** Calls whose cost changed. */
  readonly adjusted: number
  /** The sum of all changes, in pico-dollars as text. */
  readonly picoDollars: string
}

/** A call as the ledger has it after all corrections. */
interface Known {
  readonly cost: bigint
  readonly status: CallCost['status']
  readonly corrections: number
}

/**
 * Books a correction for each call that now costs something else. The id of a correction counts those before it, so
 * that of two processes that do the same at once one is heard.
 */
export async function reprice(money: Money, scope: Scope, now: number, options: RepriceOptions): Promise<Repriced> {
  const { price, since, until, runId } = options
  const corrected = new Map<string, Known>()
  // A correction is booked after its call, perhaps after `until`.
  for await (const line of linesOf(money, scope, { since, until: undefined, runId })) {
    if (line.kind !== 'adjust' || line.adjusts === undefined) continue
    const place = placeOf(line.tenant, line.adjusts)
    const known = corrected.get(place)
    const cost = (known?.cost ?? 0n) + BigInt(line.entry.cost.picoDollars ?? 0)
    corrected.set(place, { cost, status: line.entry.cost.status, corrections: (known?.corrections ?? 0) + 1 })
  }
  let calls = 0
  let adjusted = 0
  let sum = 0n
  for await (const line of linesOf(money, scope, { since, until, runId })) {
    if (line.kind !== 'call') continue
    calls++
    const priced = price(line)
    const correction = priced && correctionOf(line, corrected.get(placeOf(line.tenant, line.id)), priced, now)
    if (correction === undefined) continue
    adjusted++
    sum += BigInt(correction.entry.cost.picoDollars ?? 0)
    if (!options.isDryRun) await money.book({ tenant: line.tenant }, [], [correction])
  }
  return { calls, adjusted, picoDollars: String(sum) }
}

function correctionOf(
  line: LedgerEntry,
  known: Known | undefined,
  { picoDollars, card }: { readonly picoDollars: string; readonly card: string },
  now: number,
): LedgerEntry | undefined {
  const { id, tenant, scopes, entry, runId } = line
  const before = BigInt(entry.cost.picoDollars ?? 0) + (known?.cost ?? 0n)
  const wasOpen = (known?.status ?? entry.cost.status) === 'unpriced'
  const difference = BigInt(picoDollars) - before
  if (difference === 0n && !wasOpen) return undefined
  return {
    id: `${id}/adjust.${(known?.corrections ?? 0) + 1}`,
    at: now,
    ...(runId === undefined ? {} : { runId }),
    tenant,
    scopes,
    kind: 'adjust',
    adjusts: id,
    entry: { ...entry, cost: { status: 'settled', picoDollars: String(difference), card } },
  }
}

function placeOf(tenant: string, id: string): string {
  return `${tenant}\n${id}`
}

/** Reads the ledger page by page. Corrections that are booked meanwhile are read as well, and skipped. */
async function* linesOf(
  money: Money,
  scope: Scope,
  { since, until, runId }: { since: number | undefined; until: number | undefined; runId: string | undefined },
): AsyncGenerator<LedgerEntry> {
  const filter = {
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(runId === undefined ? {} : { runId }),
  }
  let after = 0
  for (;;) {
    const page = await money.ledger(scope, { ...filter, after })
    yield* page
    const last = page.at(-1)
    if (last === undefined) return
    after = last.cursor
  }
}
