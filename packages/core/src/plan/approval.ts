// Before anything of a plan runs it is told to whoever watches, and a person may have to agree.

import { MeepoError } from '../base/errors.ts'
import type { Json } from '../base/json.ts'
import { guardSchema, type Schema } from '../base/schema.ts'
import { formatDollars } from '../cost/money.ts'
import type { RunContext } from '../run/context.ts'
import type { ApprovalDecision } from '../tool/approval.ts'
import { estimateText, type PlanEstimate } from './estimate.ts'
import type { Plan } from './plan.ts'

/**
 * Whether a person must agree to a plan. `never`: a plan whose estimate is above the budget is refused. `over_budget`: such a
 * plan is asked about. `always`: every plan, also the parts that are planned anew. A function decides by plan and estimate;
 * it must be pure.
 */
export type PlanApproval =
  | 'never'
  | 'always'
  | 'over_budget'
  | { decide(plan: Plan, estimate: PlanEstimate): boolean }['decide']

/** How plans are accepted. */
export interface AcceptRules {
  readonly approval: PlanApproval
  readonly approvalTimeoutMs: number
}

/** The signal that decides about the first plan, or a later part of it: `{ approved: boolean, reason?: text }`. */
export function planApprovalSignal(version: number): string {
  return version === 1 ? 'approve:plan' : `approve:plan:${version}`
}

/** Longer plans are told by their size only; the whole is the result of the step that made them. */
const longestTold = 64 * 1024

/**
 * Tells a plan as progress, which records it, and waits for a person where one must agree. Throws `plan.over_budget` and
 * `plan.denied`.
 */
export async function acceptPlan(
  ctx: RunContext,
  plan: Plan,
  estimate: PlanEstimate,
  version: number,
  { approval, approvalTimeoutMs }: AcceptRules,
): Promise<void> {
  const isOver = isOverBudget(ctx, estimate)
  const isAsked =
    typeof approval === 'function'
      ? approval(plan, estimate) || isOver
      : approval === 'always' || (isOver && approval !== 'never')
  const signal = planApprovalSignal(version)
  const told = JSON.stringify(plan)
  const text = estimateText(estimate)
  ctx.report({
    message: isAsked ? `the plan waits for approval: ${text}` : `plan: ${text}`,
    details: {
      version,
      estimate,
      // A checked plan is JSON.
      ...(told.length <= longestTold ? { plan: JSON.parse(told) as Json } : {}),
      ...(isAsked ? { signal, answerBy: ctx.now() + approvalTimeoutMs } : {}),
      ...(isOver ? { isOverBudget: true } : {}),
    },
  })
  if (isAsked) await waitForPerson(ctx, signal, approvalTimeoutMs)
  else if (isOver) throw overBudget(ctx, estimate)
}

function isOverBudget({ limits }: RunContext, { picoDollars }: PlanEstimate): boolean {
  return limits.picoDollars !== undefined && BigInt(picoDollars) > BigInt(limits.picoDollars)
}

function overBudget({ limits }: RunContext, { picoDollars }: PlanEstimate): MeepoError {
  const most = limits.picoDollars ?? '0'
  const text = `the plan is likely to cost ${formatDollars(BigInt(picoDollars))}, and the run may spend ${formatDollars(BigInt(most))}`
  return new MeepoError('plan.over_budget', text, { details: { picoDollars, most } })
}

const decisionSchema: Schema<ApprovalDecision> = guardSchema(isDecision, '{ approved: boolean, reason?: text }', {
  type: 'object',
  properties: { approved: { type: 'boolean' }, reason: { type: 'string' } },
  required: ['approved'],
})

function isDecision(value: unknown): value is ApprovalDecision {
  if (typeof value !== 'object' || value === null || !('approved' in value)) return false
  return typeof value.approved === 'boolean' && (!('reason' in value) || typeof value.reason === 'string')
}

async function waitForPerson(ctx: RunContext, signal: string, timeoutMs: number): Promise<void> {
  const { approved, reason } = await ctx
    .signalled(signal, { timeoutMs, schema: decisionSchema })
    .catch((thrown: unknown): ApprovalDecision => {
      if (!MeepoError.is(thrown)) throw thrown
      if (thrown.code === 'signal.timeout') return { approved: false, reason: `nobody answered within ${timeoutMs} ms` }
      if (thrown.code === 'input.invalid') return { approved: false, reason: 'the answer was malformed' }
      throw thrown
    })
  if (!approved) throw new MeepoError('plan.denied', `the plan was denied: ${reason ?? 'no reason given'}`)
}
