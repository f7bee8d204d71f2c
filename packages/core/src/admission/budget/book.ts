import type { RunId } from '../../base/ids.ts'
import type { RunLimits } from '../../log/events.ts'
import type { BudgetRefusal, CallIntent } from '../../model/account.ts'
import type { Account, Grant, Reservation } from '../money.ts'
import type { Budget } from './budget.ts'
import { checkBudgets } from './check-budgets.ts'
import {
  accountOf,
  countedScopes,
  payerOf,
  periodAt,
  readAccountKey,
  rollingLimits,
  toLines,
  type Line,
} from './line.ts'
import { periodOf, type Period } from './period.ts'

/** What has to be set aside for a call before it is sent. */
export type Charge =
  /** Ask the store. */
  | { readonly kind: 'reserve'; readonly reservation: Reservation }
  /** Nothing: the call has no price, and no budget minds. */
  | { readonly kind: 'free' }
  /** The call has no price, and a budget minds. */
  | ({ readonly kind: 'refused' } & BudgetRefusal)

/** The run that a call is made in. */
interface PayingRun {
  readonly runId: RunId
  readonly limits: Pick<RunLimits, 'picoDollars' | 'unpriced'>
}

/** An account as its budget sees it. */
export interface AccountView {
  readonly budget: Budget
  /** In pico-dollars, as configured: the store may hold another one. */
  readonly limit: bigint
  readonly tenant: string
  /** `user:bob`. */
  readonly scope: string
  readonly period: Period
}

/** Budgets, ready to say which accounts a call is charged to. Knows no balances. */
export interface BudgetBook {
  readonly budgets: readonly Budget[]
  /**
   * The accounts of a call, wider ones first: one per budget and matching scope, then one per run (`run:ID`), whose
   * limit only the store knows. Fast for an array that was given before: give the same again, and never change it.
   */
  accountsFor(scopes: readonly string[], at: number): readonly Account[]
  /** What to reserve for an intent; `run` is whose limits mind calls without a price too. */
  charge(intent: CallIntent, scopes: readonly string[], at: number, run?: PayingRun): Charge
  /** Says in the terms of budgets who refused. `at` is that of the {@link BudgetBook.charge} that led to it. */
  refusal(grant: Extract<Grant, { readonly kind: 'refused' }>, at: number): BudgetRefusal
  /**
   * What a key stands for in the period of `at`; undefined for accounts of runs, of other periods and of other books.
   */
  find(key: string, at: number): AccountView | undefined
  /**
   * With what the keys of the accounts of a budget begin that count at `at`: of its period, of its window, and those that
   * hold limits for it.
   */
  prefixesOf(budget: Budget, at: number): readonly string[]
}

/** What a list of scopes is charged to, until a period ends. */
interface Accounts {
  readonly from: number
  readonly until: number
  readonly all: readonly Account[]
  /** The line of each account; undefined for accounts of runs. */
  readonly lines: readonly (Line | undefined)[]
}

/** Checks budgets (`config.invalid`) and makes a book of them. Without budgets there are only the accounts of runs. */
export function createBudgetBook(budgets: readonly Budget[] = []): BudgetBook {
  checkBudgets(budgets)
  const lines = toLines(budgets)
  const byName = new Map(lines.map((line) => [line.budget.name, line]))
  const seen = new WeakMap<readonly string[], Accounts>()

  const accountsOf = (scopes: readonly string[], at: number): Accounts => {
    const known = seen.get(scopes)
    if (known !== undefined && at >= known.from && at < known.until) return known
    const accounts = findAccounts(lines, scopes, at)
    seen.set(scopes, accounts)
    return accounts
  }
  const find = (key: string, at: number): AccountView | undefined => {
    const parts = readAccountKey(key)
    const line = byName.get(parts?.budget ?? '')
    if (parts === undefined || line === undefined) return undefined
    const period = periodAt(line, at)
    const isThis = line.budget.period === 'run' || parts.period === period.id
    if (!isThis) return undefined
    return { budget: line.budget, limit: line.limit, tenant: parts.tenant, scope: parts.scope, period }
  }

  return {
    budgets,
    accountsFor: (scopes, at) => accountsOf(scopes, at).all,
    charge: (intent, scopes, at, run) => chargeOf(intent, accountsOf(scopes, at), at, run),
    refusal: (grant, at) => refusalOf(grant, find(grant.key, at)),
    find,
    prefixesOf: (budget, at) => {
      const { id, window } = periodOf(budget, at)
      if (budget.period === 'run') return [`${budget.name}/run:`]
      const holding = window.length > 0 ? [rollingLimits] : []
      return [id, ...window, ...holding].map((one) => `${budget.name}/${one}/`)
    },
  }
}

function findAccounts(lines: readonly Line[], scopes: readonly string[], at: number): Accounts {
  const all: Account[] = []
  const owners: (Line | undefined)[] = []
  const payer = payerOf(scopes)
  let from = -Infinity
  let until = Infinity
  for (const line of lines) {
    for (const scope of countedScopes(line, scopes)) {
      const account = accountOf(line, scope, payer, at)
      if (account === undefined) continue
      const { startsAt, endsAt } = periodAt(line, at)
      from = Math.max(from, startsAt)
      until = Math.min(until, endsAt)
      all.push(account)
      owners.push(line)
    }
  }
  for (const scope of scopes) {
    if (!scope.startsWith('run:')) continue
    all.push({ key: scope })
    owners.push(undefined)
  }
  return { from, until, all, lines: owners }
}

function chargeOf(intent: CallIntent, accounts: Accounts, at: number, run: PayingRun | undefined): Charge {
  const { id, picoDollars, atLeast } = intent
  if (picoDollars === null) return unpricedCharge(intent, accounts, at, run)
  if (accounts.all.length === 0) return { kind: 'free' }
  const reservation = { id, picoDollars: picoDollars.toString(), atLeast: atLeast.toString(), accounts: accounts.all }
  return { kind: 'reserve', reservation }
}

/** Each budget, and the limit of the run, has its own mind about a call without a price. */
function unpricedCharge(
  { id, ceiling }: CallIntent,
  { all, lines }: Accounts,
  at: number,
  run: PayingRun | undefined,
): Charge {
  const charged: Account[] = []
  const minds = (policy: Line['unpriced']): boolean => policy === 'deny' || ceiling === undefined
  const ofRun = run?.limits.unpriced ?? 'allow_flagged'
  let isAssumed = ofRun === 'assume_ceiling'
  for (const [index, account] of all.entries()) {
    const line = lines[index]
    if (line?.unpriced === 'allow_flagged') continue
    if (line !== undefined && minds(line.unpriced)) return { kind: 'refused', ...unpricedRefusal(line, account, at) }
    isAssumed ||= line !== undefined
    charged.push(account)
  }
  if (run !== undefined && ofRun !== 'allow_flagged' && minds(ofRun)) return { kind: 'refused', ...runRefusal(run) }
  if (!isAssumed || ceiling === undefined) return { kind: 'free' }
  const whole = ceiling.toString()
  return { kind: 'reserve', reservation: { id, picoDollars: whole, atLeast: whole, accounts: charged } }
}

function runRefusal({ runId, limits }: PayingRun): BudgetRefusal {
  // A policy goes with an amount.
  return { budget: 'run', scope: `run:${runId}`, limit: String(limits.picoDollars), left: '0', isUnpriced: true }
}

function unpricedRefusal(line: Line, account: Account, at: number): BudgetRefusal {
  const { endsAt } = periodAt(line, at)
  return {
    budget: line.budget.name,
    scope: String(readAccountKey(account.key)?.scope),
    limit: line.limit.toString(),
    // Of a limit in dollars, a call without a price can have nothing.
    left: '0',
    ...(Number.isFinite(endsAt) ? { resetsAt: endsAt } : {}),
    isUnpriced: true,
  }
}

function refusalOf(
  { key, limit, left }: Extract<Grant, { readonly kind: 'refused' }>,
  view: AccountView | undefined,
): BudgetRefusal {
  // An account of a run, whose limit is the run's own.
  if (view === undefined) return { budget: 'run', scope: key, limit, left }
  const { budget, scope, period } = view
  return {
    budget: budget.name,
    scope,
    limit,
    left,
    ...(Number.isFinite(period.endsAt) ? { resetsAt: period.endsAt } : {}),
    ...(budget.onExceed === 'degrade' ? { mayDegrade: true } : {}),
  }
}
