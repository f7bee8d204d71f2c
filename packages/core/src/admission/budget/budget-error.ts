import { MeepoError } from '../../base/errors.ts'
import { formatDollars, parsePico } from '../../cost/money.ts'
import type { BudgetRefusal } from '../../model/account.ts'

/** The error of a call that a budget refused. Nothing was sent, and repeating it at once changes nothing. */
export function budgetError(refusal: BudgetRefusal): MeepoError {
  const { budget, scope, limit, left, resetsAt, isUnpriced } = refusal
  return new MeepoError('budget.exceeded', sentence(refusal), {
    notSent: true,
    details: {
      budget,
      scope,
      limitPicoDollars: limit,
      leftPicoDollars: left,
      ...(resetsAt === undefined ? {} : { resetsAt: new Date(resetsAt).toISOString() }),
      ...(isUnpriced ? { isUnpriced } : {}),
    },
  })
}

function sentence({ budget, scope, limit, left, resetsAt, isUnpriced }: BudgetRefusal): string {
  const whose =
    budget === 'run' && scope.startsWith('run:') ? `the budget of ${scope}` : `the budget ${budget} of ${scope}`
  const size = formatDollars(parsePico(limit))
  if (isUnpriced) return `${whose} (${size}) takes no calls without a known price`
  const rest = parsePico(left)
  const reset =
    resetsAt === undefined
      ? 'it does not start anew by itself'
      : `it starts anew at ${new Date(resetsAt).toISOString()}`
  return `${whose} (${size}) has ${formatDollars(rest > 0n ? rest : 0n)} left, too little for this call; ${reset}`
}
