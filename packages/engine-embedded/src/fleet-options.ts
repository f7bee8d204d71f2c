import type { BudgetBook, Dispatcher, ToolHost } from '@meepo/core'

/** How many runs are driven at once, and how long a waiting one stays in memory. */
export interface FleetOptions {
  readonly concurrency: number
  readonly idleMs: number
  /** How many workflows run at once on the whole store. */
  readonly maxWorkflows: number | undefined
  readonly budgets: BudgetBook
  readonly tools: ToolHost
  readonly dispatcher: Dispatcher | undefined
  /** For how long a beat must stand still before its engine is believed dead by who was told so. */
  readonly stillMs: number
}
