import type { Account, Mark } from '../money.ts'
import type { Budget } from './budget.ts'
import { budgetScopes, dollarsOf, generalPlaceOf, placeOf } from './check-budgets.ts'
import { periodOf, type Period } from './period.ts'

/** A budget made ready: every default applied, its limit in pico-dollars. */
export interface Line {
  readonly budget: Budget
  readonly limit: bigint
  readonly isHard: boolean
  readonly unpriced: NonNullable<Budget['unpriced']>
  readonly marks: readonly Mark[]
  /** Values that have a budget of their own. */
  readonly except: ReadonlySet<string>
  /** The period that was asked for last: most calls are in the same one. */
  period: Period
}

/** Makes checked budgets ready, wider scopes first. */
export function toLines(budgets: readonly Budget[]): readonly Line[] {
  const named = new Map(budgets.map((budget) => [budget.name, budget]))
  const own = new Map<string, Set<string>>()
  for (const budget of budgets) {
    if (budget.value === undefined) continue
    const place = generalPlaceOf(budget)
    own.set(place, (own.get(place) ?? new Set()).add(budget.value))
  }
  const none: ReadonlySet<string> = new Set()
  const lines = budgets.map((budget): Line => {
    const limit = dollarsOf(budget, named)
    const isHard = budget.kind !== 'soft'
    return {
      budget,
      limit,
      isHard,
      unpriced: budget.unpriced ?? (isHard ? 'deny' : 'allow_flagged'),
      marks: marksOf(budget, limit),
      // A budget with a value is its own place, so it finds nobody here.
      except: own.get(placeOf(budget)) ?? none,
      period: periodOf(budget, 0),
    }
  })
  return lines.toSorted((a, b) => budgetScopes.indexOf(a.budget.scope) - budgetScopes.indexOf(b.budget.scope))
}

function marksOf({ thresholds = [50, 80, 90, 100], alertOn = 'settled' }: Budget, limit: bigint): readonly Mark[] {
  const kinds = alertOn === 'both' ? (['settled', 'committed'] as const) : [alertOn]
  return kinds.flatMap((on) =>
    thresholds
      .toSorted((a, b) => a - b)
      .map((percent) => ({
        id: on === 'settled' ? `${percent}%` : `${percent}% committed`,
        // Rounded up: a threshold is told when it is reached, not a pico-dollar before.
        at: ((limit * BigInt(Math.round(percent * 100)) + 9_999n) / 10_000n).toString(),
        on,
      })),
  )
}

/** The period of a line at an instant. */
export function periodAt(line: Line, at: number): Period {
  const { period } = line
  if (at >= period.startsAt && at < period.endsAt) return period
  line.period = periodOf(line.budget, at)
  return line.period
}

/** Those of the scopes that a line counts. */
export function countedScopes({ budget, except }: Line, scopes: readonly string[]): readonly string[] {
  const kind = `${budget.scope}:`
  const counted = scopes.filter((scope) => {
    if (!scope.startsWith(kind)) return false
    const value = scope.slice(kind.length)
    return budget.value === undefined ? !except.has(value) : budget.value === value
  })
  // Whatever a run spends, the run that it belongs to has spent: the widest is enough.
  return budget.scope === 'run' ? counted.slice(0, 1) : counted
}

/** Whose calls these are, beyond the scopes that a line counts. */
export interface Payer {
  readonly tenant: string
  /** The run that all the others belong to. */
  readonly rootRun: string | undefined
}

/** Finds tenant and root run among the scopes of a call. */
export function payerOf(scopes: readonly string[]): Payer {
  const first = (kind: string): string | undefined => scopes.find((scope) => scope.startsWith(kind))?.slice(kind.length)
  return { tenant: first('tenant:') ?? '', rootRun: first('run:') }
}

/**
 * The account of a line for one of its scopes: `BUDGET/PERIOD/TENANT/SCOPE`. Only the scope may hold a slash, so that
 * a key can be read again; the period comes early, so that all accounts of a period are neighbours. Users of two
 * tenants may have one name.
 */
export function accountOf(line: Line, scope: string, { tenant, rootRun }: Payer, at: number): Account | undefined {
  const { budget, marks } = line
  const period = periodAt(line, at)
  const isPerRun = budget.period === 'run'
  if (isPerRun && rootRun === undefined) return undefined
  const keyOf = (id: string): string => `${budget.name}/${id}/${encodeURIComponent(tenant)}/${scope}`
  return {
    key: keyOf(isPerRun ? `run:${encodeURIComponent(String(rootRun))}` : period.id),
    ...(period.window.length > 0 ? { window: period.window.map(keyOf), limitKey: keyOf(rollingLimits) } : {}),
    ...(line.isHard ? { limit: line.limit.toString() } : {}),
    ...(marks.length > 0 ? { marks } : {}),
  }
}

/** In place of a period: where limits of rolling budgets are held that an operator set. Nothing is charged there. */
export const rollingLimits = 'rolling'

/** A key taken apart. */
export interface AccountName {
  readonly budget: string
  readonly period: string
  readonly tenant: string
  readonly scope: string
}

/** Takes a key apart; undefined for one that is none of a budget. */
export function readAccountKey(key: string): AccountName | undefined {
  const match = /^([^/:]+)\/([^/]+)\/([^/]*)\/(.+)$/s.exec(key)
  if (!match) return undefined
  // The pattern has four groups, and none of them is optional.
  const [, budget, period, tenant, scope] = match as unknown as readonly [string, string, string, string, string]
  return { budget, period, tenant: decodeURIComponent(tenant), scope }
}
