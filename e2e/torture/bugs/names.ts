import { sourceBugs } from './source-bugs.ts'
import { storeBugNames } from './store-bugs.ts'

/** Every bug that can be planted. */
export const bugNames: readonly string[] = [...new Set([...sourceBugs.map((patch) => patch.bug), ...storeBugNames])]

/** Where a bug shows soonest. */
export interface BugPlan {
  /** Kills in all, unless it is caught before. */
  readonly kills: number
  /** Where to kill, in turn; the plan of a torture without bugs when absent. */
  readonly points?: readonly string[]
  /** It only shows when a worker comes back that was taken for dead. */
  readonly isStalling?: boolean
  /** How long workers keep what waits; it differs from one to the next when absent. */
  readonly idleMs?: number
}

const plans: Readonly<Record<string, BugPlan>> = {
  'no-fencing': { kills: 15, isStalling: true, idleMs: 10_000 },
  'stale-lease': { kills: 12, isStalling: true },
  'no-wait-before-idempotent': { kills: 20, points: ['effect.after', 'append.before', 'store.before_commit'] },
  'signal-before-commit': { kills: 6, points: ['deliver.acked'] },
  'child-result-before-durable': { kills: 20, points: ['store.after_commit', 'store.before_commit', 'append.before'] },
}

/** How a bug is hunted. */
export function planOf(bug: string): BugPlan {
  return plans[bug] ?? { kills: 15 }
}
