import type { BudgetBook, CallEntry, LedgerEntry, Store } from '@meepo/core'
import type { Violation } from '../../torture/audit/violation.ts'
import type { InvoiceLine } from '../world/provider.ts'
import type { StoryRun } from './story.ts'

/** What an audit of money looks at. */
export interface MoneyEvidence {
  readonly runs: ReadonlyMap<string, StoryRun>
  readonly invoice: readonly InvoiceLine[]
  readonly book: BudgetBook
  readonly now: number
}

/** No hard budget and no limit of a run is overspent, and the ledger is the invoice, entry by entry. */
export async function auditMoney(evidence: MoneyEvidence, store: Store): Promise<readonly Violation[]> {
  const ledger = await readLedger(store)
  const lines = new Map(ledger.map((line) => [line.id, line.entry]))
  return [...(await auditAccounts(evidence, store)), ...auditRuns(evidence, ledger), ...auditLines(evidence, lines)]
}

async function auditAccounts({ book, now }: MoneyEvidence, store: Store): Promise<readonly Violation[]> {
  const found: Violation[] = []
  for (const { key, settled, reserved, limit } of await store.money.accounts('', 10_000)) {
    const view = book.find(key, now)
    const isHard = view === undefined || view.budget.kind !== 'soft'
    const most = limit === undefined ? view?.limit : BigInt(limit)
    const isRolling = typeof view?.budget.period === 'object'
    if (BigInt(reserved) < 0n)
      found.push({ rule: 'a hard budget is never exceeded', text: `${key} has ${reserved} set aside` })
    if (most === undefined || !isHard || isRolling) continue
    if (BigInt(settled) + BigInt(reserved) > most) {
      found.push({ rule: 'a hard budget is never exceeded', text: `${key}: ${settled} and ${reserved} of ${most}` })
    }
  }
  return found
}

/** What was booked below a run, counted without its account. */
function auditRuns({ runs }: MoneyEvidence, ledger: readonly LedgerEntry[]): readonly Violation[] {
  const spent = new Map<string, bigint>()
  for (const { scopes, entry } of ledger) {
    const amount = BigInt(entry.cost.picoDollars ?? '0')
    for (const scope of scopes) if (scope.startsWith('run:')) spent.set(scope, (spent.get(scope) ?? 0n) + amount)
  }
  return [...runs.values()].flatMap(({ runId, limits }) => {
    const sum = spent.get(`run:${runId}`) ?? 0n
    if (limits.picoDollars === undefined || sum <= BigInt(limits.picoDollars)) return []
    return [{ rule: 'a hard budget is never exceeded', text: `run ${runId} spent ${sum} of ${limits.picoDollars}` }]
  })
}

const rule = 'ledger and open calls are the invoice'

function auditLines({ runs, invoice }: MoneyEvidence, lines: ReadonlyMap<string, CallEntry>): readonly Violation[] {
  const found: Violation[] = []
  const open = openCalls(runs)
  const billed = new Map<string, bigint>()
  for (const { attemptId = 'a request without a call', billed: isBilled, amount } of invoice) {
    if (isBilled) billed.set(attemptId, (billed.get(attemptId) ?? 0n) + amount)
  }
  for (const [id, amount] of billed) {
    const entry = lines.get(id)
    if (entry) found.push(...compare(id, entry, amount))
    else if (!open.has(id)) found.push({ rule, text: `${id} was billed and is neither in the ledger nor open` })
  }
  for (const [id, { outcome, cost }] of lines) {
    if (cost.status === 'settled' && !billed.has(id))
      found.push({ rule, text: `${id} is settled (${outcome}) and was never billed` })
  }
  return found
}

function compare(id: string, { outcome, cost }: CallEntry, amount: bigint): readonly Violation[] {
  const booked = BigInt(cost.picoDollars ?? '0')
  const isWrong =
    (cost.status === 'settled' && booked !== amount) ||
    (cost.status === 'unknown' && booked < amount) ||
    cost.status === 'zero' ||
    cost.status === 'unpriced'
  return isWrong ? [{ rule, text: `${id}: ${outcome}, booked ${booked} (${cost.status}), billed ${amount}` }] : []
}

/** Calls that the log announces and does not end. */
function openCalls(runs: ReadonlyMap<string, StoryRun>): ReadonlySet<string> {
  const open = new Set<string>()
  for (const { events } of runs.values()) {
    for (const { event } of events) {
      if (event.type === 'call.started') open.add(event.data.call)
      else if (event.type === 'call.settled') open.delete(event.data.call)
    }
  }
  return open
}

async function readLedger(store: Store): Promise<readonly LedgerEntry[]> {
  const all: LedgerEntry[] = []
  for (let after = 0; ;) {
    const page = await store.money.ledger('system', { after })
    const last = page.at(-1)
    if (!last) return all
    all.push(...page)
    after = last.cursor
  }
}
