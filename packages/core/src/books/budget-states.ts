import type { BudgetBook } from '../admission/budget/book.ts'
import { readAccountKey, rollingLimits } from '../admission/budget/line.ts'
import { periodOf } from '../admission/budget/period.ts'
import type { Account, Balance } from '../admission/money.ts'
import type { Scope } from '../base/ids.ts'
import type { Money } from '../store/money.ts'

/** What one account of a budget holds. Pico-dollars as text. */
export interface BudgetState {
  /** The name of the budget; `run` for the limit that a run was started with. */
  readonly budget: string
  readonly tenant?: string
  /** `user:bob`. */
  readonly scope: string
  /** Names the account in the store. */
  readonly key: string
  /** What `setLimit` of the store takes to raise or lower it. */
  readonly limitKey: string
  readonly kind: 'hard' | 'soft'
  readonly spent: string
  readonly reserved: string
  /** In force now: as configured, or as an operator set it. */
  readonly limit: string
  /** An operator set it; absent when it is as configured. */
  readonly isSet?: true
  /** Below zero when a soft budget is overspent. */
  readonly left: string
  /** Milliseconds since 1970; absent for budgets that never start anew. */
  readonly resetsAt?: number
  /** Calls under way for which money is set aside. */
  readonly heldBy: readonly string[]
}

/** How many accounts of one budget a list shows. */
const mostAccounts = 10_000

/** Where budgets are looked up. */
export interface BudgetSource {
  readonly money: Money
  readonly book: BudgetBook
  readonly scope: Scope
  readonly at: number
}

/** Looks at the accounts of some scopes, or at all that were charged in their present period. */
export async function listBudgets(source: BudgetSource, scopes?: readonly string[]): Promise<readonly BudgetState[]> {
  const { money, book, at } = source
  const accounts = scopes ? book.accountsFor(scopes, at) : await chargedAccounts(source)
  const keys = accounts.flatMap(({ key, window = [], limitKey = key }) => [key, ...window, limitKey])
  const [balances, reservations] = await Promise.all([money.balances(keys), money.reservations(source.scope)])
  const byKey = new Map(balances.map((balance) => [balance.key, balance]))
  const holders = new Map<string, string[]>()
  for (const { id, accounts: held } of reservations) {
    for (const { key } of held) holders.set(key, [...(holders.get(key) ?? []), id])
  }
  return accounts.flatMap((account) => stateOf(source, account, byKey, holders.get(account.key) ?? []) ?? [])
}

/** One account per scope that has a counter in the present period or its window. */
async function chargedAccounts({ money, book, scope, at }: BudgetSource): Promise<readonly Account[]> {
  const prefixes = book.budgets.flatMap((budget) => book.prefixesOf(budget, at).map((prefix) => ({ budget, prefix })))
  const lists = await Promise.all(
    prefixes.map(async ({ budget, prefix }) => ({ budget, found: await money.accounts(prefix, mostAccounts) })),
  )
  const accounts = new Map<string, Account>()
  for (const { budget, found } of lists) {
    const { id, window } = periodOf(budget, at)
    for (const { key } of found) {
      const name = readAccountKey(key)
      if (name === undefined || (scope !== 'system' && scope.tenant !== name.tenant)) continue
      const keyIn = (period: string): string => key.replace(`/${name.period}/`, `/${period}/`)
      const now = budget.period === 'run' ? key : keyIn(id)
      const holder = window.length > 0 ? { limitKey: keyIn(rollingLimits) } : {}
      accounts.set(now, { key: now, window: window.map(keyIn), ...holder })
    }
  }
  return [...accounts.values()]
}

function stateOf(
  { book, at }: BudgetSource,
  { key, window = [], limitKey = key }: Account,
  balances: ReadonlyMap<string, Balance>,
  heldBy: readonly string[],
): BudgetState | undefined {
  const view = book.find(key, at)
  const set = balances.get(limitKey)?.limit
  const limit = set ?? view?.limit.toString()
  // A run without a limit of its own: nothing to tell.
  if (limit === undefined) return undefined
  let spent = 0n
  let reserved = 0n
  for (const one of [key, ...window]) {
    spent += BigInt(balances.get(one)?.settled ?? 0)
    reserved += BigInt(balances.get(one)?.reserved ?? 0)
  }
  return {
    budget: view?.budget.name ?? 'run',
    ...(view ? { tenant: view.tenant } : {}),
    scope: view?.scope ?? key,
    key,
    limitKey,
    kind: view?.budget.kind ?? 'hard',
    spent: String(spent),
    reserved: String(reserved),
    limit,
    ...(set !== undefined && view ? { isSet: true } : {}),
    left: String(BigInt(limit) - spent - reserved),
    ...(view && Number.isFinite(view.period.endsAt) ? { resetsAt: view.period.endsAt } : {}),
    heldBy,
  }
}
