// What becomes of a task that failed. Rules decide what is plain, a model decides the rest, and neither can leave the
// bounds: how often a task is tried, what must not happen twice, how often a plan is made anew.

import type { ErrorData } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import type { Effect } from '../log/events.ts'
import { isOnce } from '../run/retry.ts'
import type { PlannedTask } from './plan.ts'

/** `change`: retry with other arguments. `alternative`: another tool or agent. `replan`: new tasks for the failed part. */
export type RecoveryStrategy = 'retry' | 'change' | 'alternative' | 'skip' | 'replan' | 'fail'

/** All strategies, the cheapest first. */
export const recoveryStrategies: readonly RecoveryStrategy[] = [
  'retry',
  'change',
  'alternative',
  'skip',
  'replan',
  'fail',
]

/** One strategy with what it takes. */
export type RecoveryChoice =
  /** `afterMs`: how long to wait before; at most a minute. */
  | { readonly strategy: 'retry'; readonly afterMs?: number }
  | { readonly strategy: 'change'; readonly input: Json }
  /** `worker`: a tool or an agent of the planner. The input is that of the task unless said. */
  | { readonly strategy: 'alternative'; readonly worker: string; readonly input?: Json }
  | { readonly strategy: 'skip' | 'replan' | 'fail'; readonly why?: string }

/** One try of a task that failed, and what was done about it. */
export interface FailedTry {
  /** Counts from 1. */
  readonly attempt: number
  /** The tool or agent that was tried. */
  readonly worker: string
  readonly error: ErrorData
  /** Absent for the last one, as long as nothing is decided. */
  readonly strategy?: RecoveryStrategy
}

/** A task that failed, as rules see it. */
export interface FailedTask {
  readonly task: PlannedTask
  readonly error: ErrorData
  /** What repeating a call of its worker would do. */
  readonly effect: Effect
  /** All tries so far, the last one at the end. */
  readonly tries: readonly FailedTry[]
  /** How often the plan was made anew. */
  readonly replans: number
  /** What may be chosen. */
  readonly allowed: readonly RecoveryStrategy[]
}

/** Decides about a failed task, or leaves it to the model. Must be pure. What is not allowed counts as no decision. */
export type RecoveryRules = (failed: FailedTask) => RecoveryChoice | undefined

/** How a planner recovers from failures. */
export interface RecoveryOptions {
  /** {@link defaultRecoveryRules} unless said. */
  readonly rules?: RecoveryRules
  /** What the rules leave open is asked of the model; true unless said. */
  readonly asksModel?: boolean
  /** All of them unless said; `fail` is always among them. */
  readonly strategies?: readonly RecoveryStrategy[]
  /** Tries of one task, the first included; 3 unless said. */
  readonly maxTries?: number
}

/** The options with their defaults. */
export type RecoveryBounds = Required<RecoveryOptions>

/** Fills in what was not said. */
export function recoveryBounds({
  rules = defaultRecoveryRules,
  asksModel = true,
  strategies = recoveryStrategies,
  maxTries = 3,
}: RecoveryOptions = {}): RecoveryBounds {
  return { rules, asksModel, strategies, maxTries }
}

/** The call was refused before it did anything. */
const neverRan: ReadonlySet<string> = new Set([
  'input.invalid',
  'tool.denied',
  'tool.invalid_arguments',
  'tool.missing_result',
  'tool.unknown',
])

/** What may be done about a failure. */
export function allowedStrategies(
  { error, effect, tries, hasInput }: Pick<FailedTask, 'error' | 'effect' | 'tries'> & { readonly hasInput: boolean },
  { strategies, maxTries }: RecoveryBounds,
  canReplan: boolean,
): readonly RecoveryStrategy[] {
  const mayHaveHappened = isOnce(effect) && error.notSent !== true && !neverRan.has(error.code)
  const isTriedOut = tries.length >= maxTries
  return recoveryStrategies.filter((strategy) => {
    if (strategy === 'fail') return true
    if (!strategies.includes(strategy)) return false
    if (strategy === 'replan') return canReplan
    if (strategy === 'skip') return true
    return !isTriedOut && !mayHaveHappened && (strategy !== 'retry' || hasInput)
  })
}

/**
 * Retries what may pass by itself, then tries the alternatives that the plan names, and skips what is optional. Everything
 * else is left to the model.
 */
export const defaultRecoveryRules: RecoveryRules = ({ task, error, tries, allowed }) => {
  if (error.retryable && allowed.includes('retry')) {
    const asked = error.details?.['retryAfterMs']
    return { strategy: 'retry', afterMs: typeof asked === 'number' ? asked : 1_000 * 2 ** (tries.length - 1) }
  }
  const worker = task.alternatives?.find((name) => !tries.some((one) => one.worker === name))
  if (worker !== undefined && allowed.includes('alternative')) return { strategy: 'alternative', worker }
  if (task.optional === true && allowed.includes('skip')) return { strategy: 'skip' }
  return undefined
}

/** When neither the rules nor a model decided. */
export function lastResort({ allowed }: Pick<FailedTask, 'allowed'>): RecoveryChoice {
  return { strategy: allowed.includes('replan') ? 'replan' : 'fail' }
}
