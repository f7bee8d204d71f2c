import type { BudgetBook } from '../admission/budget/book.ts'
import type { Scope } from '../base/ids.ts'
import type { Scheduler } from '../base/ports.ts'
import type { CostQuery, CostRow, Money } from '../store/money.ts'
import { listBudgets, type BudgetState } from './budget-states.ts'
import { reprice, type RepriceOptions, type Repriced } from './reprice.ts'

/** Sums of a group, with the amount in dollars for people and charts. */
export interface CostLine extends CostRow {
  /** Rounded to what a number holds; `picoDollars` is exact. */
  readonly dollars: number
  /** All tokens, in and out. */
  readonly tokens: number
}

/** What one run, agent, user … cost. */
export interface CostSummary extends Omit<CostLine, 'key'> {
  /** `user:bob`. */
  readonly scope: string
  /** The dearest first. */
  readonly byModel: readonly CostLine[]
  /** By day (UTC), the earliest first. */
  readonly byDay: readonly CostLine[]
}

/** Which days to sum up: UTC, `2026-11-21`, both included. */
export type CostDays = Pick<CostQuery, 'since' | 'until'>

/**
 * What things cost. Answers from sums that are written with each call, however many calls there were: of each day, and of
 * all days together.
 */
export interface Costs {
  /** A run with everything below it. */
  forRun(runId: string, days?: CostDays): Promise<CostSummary>
  forAgent(name: string, days?: CostDays): Promise<CostSummary>
  forWorkflow(name: string, days?: CostDays): Promise<CostSummary>
  /** All runs of a session. */
  forConversation(sessionId: string, days?: CostDays): Promise<CostSummary>
  forUser(user: string, days?: CostDays): Promise<CostSummary>
  forTenant(tenant: string, days?: CostDays): Promise<CostSummary>
  /** `team=red`. */
  forTag(tag: string, days?: CostDays): Promise<CostSummary>
  /** Groups, the dearest first; days by date. */
  report(query: CostQuery): Promise<readonly CostLine[]>
  /**
   * What budgets hold now: the accounts that a call of these scopes would be charged to, or all that were ever
   * charged in their present period.
   */
  budgets(scopes?: readonly string[]): Promise<readonly BudgetState[]>
  /** Prices past calls again and books the differences. History is never rewritten, and nothing is booked twice. */
  reprice(options: RepriceOptions): Promise<Repriced>
}

/** What a report of costs reads. */
export interface CostsOptions {
  readonly money: Money
  readonly book: BudgetBook
  readonly scheduler: Scheduler
  /** Whose costs; everything unless said. */
  readonly scope?: Scope
}

/** Makes the reports of a store. */
export function createCosts({ money, book, scheduler, scope = 'system' }: CostsOptions): Costs {
  const report = async (query: CostQuery): Promise<readonly CostLine[]> =>
    (await money.report(scope, query)).map(toCostLine)
  const summary = async (of: string, days: CostDays = {}): Promise<CostSummary> => {
    const [total, byModel, byDay] = await Promise.all([
      report({ ...days, by: 'total', scope: of }),
      report({ ...days, by: 'model', scope: of }),
      report({ ...days, by: 'day', scope: of, limit: 1_000 }),
    ])
    const { key: _, ...sums } = total[0] ?? toCostLine(nothing)
    return { scope: of, ...sums, byModel, byDay: byDay.toSorted((a, b) => (a.key < b.key ? -1 : 1)) }
  }
  return {
    forRun: (id, days) => summary(`run:${id}`, days),
    forAgent: (name, days) => summary(`agent:${name}`, days),
    forWorkflow: (name, days) => summary(`workflow:${name}`, days),
    forConversation: (id, days) => summary(`session:${id}`, days),
    forUser: (user, days) => summary(`user:${user}`, days),
    forTenant: (tenant, days) => summary(`tenant:${tenant}`, days),
    forTag: (tag, days) => summary(`tag:${tag}`, days),
    report,
    budgets: (scopes) => listBudgets({ money, book, scope, at: scheduler.now() }, scopes),
    reprice: (options) => reprice(money, scope, scheduler.now(), options),
  }
}

const nothing: CostRow = {
  key: 'total',
  picoDollars: '0',
  savedPicoDollars: '0',
  calls: 0,
  unpricedCalls: 0,
  unknownCalls: 0,
  inputTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
}

function toCostLine(row: CostRow): CostLine {
  const { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens } = row
  const tokens = inputTokens + cacheReadTokens + cacheWriteTokens + outputTokens + reasoningTokens
  return { ...row, dollars: Number(row.picoDollars) / 1e12, tokens }
}
