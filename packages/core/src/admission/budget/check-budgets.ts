import { MeepoError } from '../../base/errors.ts'
import { parseDollars } from '../../cost/money.ts'
import type { Budget, BudgetScope, WeekDay } from './budget.ts'
import { isTimeZone } from './time-zone.ts'

/** Wider scopes first; a tag may cut across all of them. */
export const budgetScopes: readonly BudgetScope[] = ['tenant', 'user', 'session', 'agent', 'workflow', 'run', 'tag']
const periods: readonly unknown[] = ['run', 'hour', 'day', 'week', 'month', 'forever']
const calendarPeriods: readonly unknown[] = ['day', 'week', 'month']
const weekDays: readonly WeekDay[] = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
/** Each hour of a window is read at each call. */
const mostRollingHours = 168

/**
 * Refuses budgets that make no sense with `config.invalid`, which names the budget.
 * The argument may come from a file: nothing is taken for granted.
 */
export function checkBudgets(budgets: readonly Budget[]): void {
  const named = new Map<string, Budget>()
  const taken = new Map<string, string>()
  for (const budget of budgets) {
    refuse(budget.name, named.has(budget.name) ? 'has the name of another one' : ownProblem(budget))
    const place = placeOf(budget)
    const other = taken.get(place)
    refuse(budget.name, other === undefined ? undefined : `has the scope, period and kind of ${JSON.stringify(other)}`)
    named.set(budget.name, budget)
    taken.set(place, budget.name)
  }
  for (const budget of budgets) refuse(budget.name, partProblem(budget, named))
}

/** What one budget only may have: two of the same place would be one counter with two limits. */
export function placeOf({ scope, value, ...budget }: Budget): string {
  return JSON.stringify([scope, value ?? null, ...periodOfPlace(budget)])
}

/** The same without the value: a budget with a value stands in for the one without. */
export function generalPlaceOf({ scope, ...budget }: Budget): string {
  return JSON.stringify([scope, null, ...periodOfPlace(budget)])
}

function periodOfPlace({ period, timeZone, weekStart, kind }: Omit<Budget, 'scope' | 'value'>): readonly unknown[] {
  return [period, timeZone ?? 'UTC', weekStart ?? 'monday', kind ?? 'hard']
}

function ownProblem(budget: Budget): string | undefined {
  const { name, scope, value } = budget
  if (typeof name !== 'string' || !/^[\w.@-]{1,100}$/.test(name)) {
    return 'needs a name of letters, digits and . @ - _, at most 100'
  }
  if (!budgetScopes.includes(scope)) return `has an unknown scope; there are ${budgetScopes.join(', ')}`
  if (value !== undefined && (typeof value !== 'string' || value === '')) return 'has a value that is no text'
  if (scope === 'tag' && value !== undefined && !/^[^=]+=/.test(value)) return 'needs a value such as team=red'
  return limitProblem(budget) ?? periodProblem(budget) ?? answerProblem(budget)
}

function limitProblem({ limit, within }: Budget): string | undefined {
  const percent = percentOf(limit)
  if (percent !== undefined) {
    if (within === undefined) return 'has a limit in percent, so it must say what it is within'
    return percent > 0n && percent <= 10_000n ? undefined : 'needs a share above 0% and up to 100%'
  }
  try {
    return parseDollars(limit) > 0n ? undefined : 'needs a limit above $0'
  } catch {
    // Whatever it is, it is no amount: the message says what is needed, not what was read.
    return "needs a limit in dollars, such as 12.5 or '12.50'"
  }
}

/** A share in hundredths of a percent, or undefined for anything else. */
function percentOf(limit: unknown): bigint | undefined {
  const match = typeof limit === 'string' ? /^\s*(\d{1,3})(?:\.(\d{1,2}))?\s*%\s*$/.exec(limit) : null
  return match ? BigInt(match[1] + (match[2] ?? '').padEnd(2, '0')) : undefined
}

function periodProblem({ period, timeZone, weekStart, scope }: Budget): string | undefined {
  if (typeof period === 'object' && period !== null) {
    const hours = period.rollingHours
    if (!Number.isInteger(hours) || hours < 1 || hours > mostRollingHours) {
      return `needs whole rollingHours from 1 to ${mostRollingHours}`
    }
  } else if (!periods.includes(period)) {
    return `has an unknown period; there are ${periods.join(', ')} and { rollingHours }`
  }
  if (scope === 'run' && period === 'run') return 'counts runs one by one anyway: make its period forever'
  if (timeZone !== undefined && !calendarPeriods.includes(period)) {
    return 'has a time zone, which means something for days, weeks and months only'
  }
  if (weekStart !== undefined && period !== 'week') return 'has a weekStart, which means something for weeks only'
  if (weekStart !== undefined && !weekDays.includes(weekStart)) return `needs a weekStart of ${weekDays.join(', ')}`
  if (timeZone !== undefined && !(typeof timeZone === 'string' && isTimeZone(timeZone))) return 'names no time zone'
  return undefined
}

function answerProblem({ kind, onExceed, unpriced, alertOn, thresholds }: Budget): string | undefined {
  if (!oneOf(kind, ['hard', 'soft'])) return 'must be hard or soft'
  if (!oneOf(onExceed, ['block', 'degrade'])) return 'has an unknown onExceed; there are block and degrade'
  if (kind === 'soft' && onExceed !== undefined) return 'is soft, it only tells: no onExceed'
  if (!oneOf(unpriced, ['deny', 'assume_ceiling', 'allow_flagged'])) {
    return 'has an unknown unpriced; there are deny, assume_ceiling and allow_flagged'
  }
  if (kind === 'soft' && unpriced === 'deny') return 'is soft, it only tells: it cannot deny calls without a price'
  if (!oneOf(alertOn, ['settled', 'committed', 'both'])) {
    return 'has an unknown alertOn; there are settled, committed and both'
  }
  if (thresholds === undefined) return undefined
  const isPercentage = (value: unknown): boolean => typeof value === 'number' && value > 0 && value <= 1_000
  if (!Array.isArray(thresholds) || thresholds.length > 20 || !thresholds.every(isPercentage)) {
    return 'needs thresholds above 0 and up to 1,000 percent, at most 20'
  }
  return new Set(thresholds).size === thresholds.length ? undefined : 'names a threshold twice'
}

function oneOf(value: string | undefined, allowed: readonly string[]): boolean {
  return value === undefined || allowed.includes(value)
}

/** What is wrong with being a part of another budget. */
function partProblem(budget: Budget, named: ReadonlyMap<string, Budget>): string | undefined {
  if (budget.within === undefined) return undefined
  const whole = named.get(budget.within)
  if (whole === undefined) return `is within ${JSON.stringify(budget.within)}, which is no budget`
  const path = [budget.name]
  for (let next: Budget | undefined = whole; next !== undefined; next = named.get(next.within ?? '')) {
    path.push(next.name)
    if (next.name === budget.name) return `is within itself: ${path.join(' → ')}`
    if (path.length > named.size) return 'is within a loop of budgets'
  }
  if (budgetScopes.indexOf(whole.scope) > budgetScopes.indexOf(budget.scope)) {
    return `is within ${JSON.stringify(whole.name)}, which is narrower`
  }
  const [limit, most] = [dollarsOf(budget, named), dollarsOf(whole, named)]
  const isSamePeriod = JSON.stringify(periodOfPlace(budget)) === JSON.stringify(periodOfPlace(whole))
  return isSamePeriod && limit > most
    ? `may spend more than ${JSON.stringify(whole.name)}, which it is within`
    : undefined
}

/** The limit in pico-dollars; shares are taken of the budget around. No loops. */
export function dollarsOf(budget: Budget, named: ReadonlyMap<string, Budget>): bigint {
  const percent = percentOf(budget.limit)
  const whole = named.get(budget.within ?? '')
  if (percent === undefined || whole === undefined) return parseDollars(budget.limit)
  return (dollarsOf(whole, named) * percent) / 10_000n
}

function refuse(name: unknown, problem: string | undefined): void {
  if (problem !== undefined) throw new MeepoError('config.invalid', `the budget ${JSON.stringify(name)} ${problem}`)
}
