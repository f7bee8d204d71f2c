import type { BudgetRefusal, CallGrant, CallIntent, Grant, Reservation } from '@meepo/core'

/** What has to be set aside for a call before it is sent. `free`: nothing, it has no price and no budget minds. */
export type Charge =
  | { readonly kind: 'reserve'; readonly reservation: Reservation }
  | { readonly kind: 'free' }
  | ({ readonly kind: 'refused' } & BudgetRefusal)

/** What calls are charged to. Pure. A `BudgetBook` of core is one. */
export interface Budgets {
  charge(intent: CallIntent, scopes: readonly string[], at: number): Charge
  /** Says in the terms of budgets who refused; `at` as in the call of `charge` that led to it. */
  refusal(grant: Extract<Grant, { kind: 'refused' }>, at: number): BudgetRefusal
}

/** What the caller is told of what the store said. */
export function callGrant(budgets: Budgets, grant: Grant, at: number): CallGrant {
  if (grant.kind === 'granted') return { kind: 'granted', picoDollars: BigInt(grant.picoDollars) }
  return { kind: 'refused', ...budgets.refusal(grant, at) }
}

/** No budgets: what runs cost is counted, and their own limits hold. */
export const runBudgets: Budgets = {
  charge: ({ id, picoDollars, atLeast }, scopes) => {
    if (picoDollars === null) return { kind: 'free' }
    const accounts = scopes.filter((scope) => scope.startsWith('run:')).map((key) => ({ key }))
    return {
      kind: 'reserve',
      reservation: { id, picoDollars: String(picoDollars), atLeast: String(atLeast), accounts },
    }
  },
  refusal: ({ key, limit, left }) => ({ budget: 'run', scope: key, limit, left }),
}
