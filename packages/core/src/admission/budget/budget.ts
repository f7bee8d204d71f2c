// The words of this folder. A Budget is what somebody configured. An account is one counter of it: one budget, one
// value of its scope, one period. A book is a set of budgets made ready: it names the accounts that a call is charged
// to. Balances are the store's.

/** Whose calls a budget counts together; wider ones first. */
export type BudgetScope = 'tenant' | 'user' | 'session' | 'agent' | 'workflow' | 'run' | 'tag'

/**
 * When a budget starts anew. `run`: with every run (a run and everything below it). `hour`: with every hour of UTC.
 * `day`, `week`, `month`: by the calendar of `timeZone`. `rollingHours`: never at once; what was spent longer ago no
 * longer counts. `forever`: never.
 */
export type BudgetPeriod =
  | 'run'
  | 'hour'
  | 'day'
  | 'week'
  | 'month'
  | 'forever'
  | {
      /** 1 to 168. */
      readonly rollingHours: number
    }

/** On which day a week begins. */
export type WeekDay = 'monday' | 'tuesday' | 'wednesday' | 'thursday' | 'friday' | 'saturday' | 'sunday'

/**
 * How much somebody may spend in a while.
 *
 * @example
 * const budgets: Budget[] = [
 *   { name: 'company', scope: 'tenant', value: 'acme', limit: 500, period: 'month', timeZone: 'Europe/Berlin' },
 *   { name: 'per-user', scope: 'user', limit: '2%', within: 'company', period: 'month', timeZone: 'Europe/Berlin' },
 *   { name: 'research', scope: 'agent', value: 'researcher', limit: '0.50', period: 'run', onExceed: 'degrade' },
 *   { name: 'watch', scope: 'workflow', limit: 20, period: 'day', kind: 'soft', thresholds: [100, 200] },
 * ]
 */
export interface Budget {
  /** Unique: it names the budget in errors, alerts and `meepo budget`. */
  readonly name: string
  readonly scope: BudgetScope
  /**
   * Only this tenant, user, tag (`team=red`) …; without, each has an account of its own. Of two budgets for the same
   * scope, period and kind the one with the value holds for it, in place of the one without.
   */
  readonly value?: string
  /** Dollars: `12.5`, `'12.50'`. Or a share of the budget that this one is `within`: `'20%'`. */
  readonly limit: string | number
  readonly period: BudgetPeriod
  /** Of the calendar of days, weeks and months, an IANA name; `UTC` unless said. */
  readonly timeZone?: string
  /** Of weeks; `monday` unless said. */
  readonly weekStart?: WeekDay
  /** `hard` is never overspent. `soft` refuses nothing and only tells. `hard` unless said. */
  readonly kind?: 'hard' | 'soft'
  /**
   * Of a hard budget that has too little left for a call: `block` refuses it, `degrade` lets the gateway look for a
   * cheaper model first. `block` unless said.
   */
  readonly onExceed?: 'block' | 'degrade'
  /** Percentages of the limit that are told once in each period; 50, 80, 90 and 100 unless said. */
  readonly thresholds?: readonly number[]
  /**
   * What must reach a threshold: what was spent (`settled`), that and what is set aside (`committed`), or each.
   * `settled` unless said.
   */
  readonly alertOn?: 'settled' | 'committed' | 'both'
  /**
   * A call without a known price: `deny` refuses it, `assume_ceiling` charges what the price book's ceiling says,
   * `allow_flagged` lets it go without a charge. `deny` for hard, `allow_flagged` for soft budgets unless said.
   */
  readonly unpriced?: 'deny' | 'assume_ceiling' | 'allow_flagged'
  /** The name of a budget of the same or a wider scope that this one is a part of. */
  readonly within?: string
}
