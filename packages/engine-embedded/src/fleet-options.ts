import type { BudgetBook, ToolHost } from '@meepo/core'

/** How many runs are driven at once, and how long a waiting one stays in memory. */
export interface FleetOptions {
  readonly concurrency: number
  readonly idleMs: number
  /** How many workflows run at once on the whole store. */
  readonly maxWorkflows: number | undefined
  readonly budgets: BudgetBook
  readonly tools: ToolHost
}
