import type { Ask, TakeRequest } from './counters.ts'
import type { LimitedCall } from './limiter.ts'
import type { Rule } from './rule.ts'

/** What a call asks of which buckets. A limit whose scope the call does not name, or names otherwise, does not apply. */
export function toRequest(rules: readonly Rule[], call: LimitedCall): TakeRequest {
  const asks: Ask[] = []
  for (const rule of rules) {
    const value = rule.scope === 'global' ? '' : call.scopes[rule.scope]
    if (value === undefined || (rule.only !== undefined && rule.only !== value)) continue
    asks.push({ rule, value, amount: amountOf(rule, call) })
  }
  const cooldown = cooldownKey(call)
  return { id: call.id, asks, ...(cooldown === undefined ? {} : { cooldown }) }
}

/**
 * The input is known, so one that is larger than a bucket is refused. The output is a guess or a bound: it is cut to
 * what the bucket can hold, and what comes beyond that is debt.
 */
function amountOf({ counts, capacity }: Rule, { estimate }: LimitedCall): number {
  const input = wholeOr(estimate.inputTokens)
  const output = wholeOr(estimate.outputTokens)
  switch (counts) {
    case 'requests':
    case 'concurrent':
      return 1
    case 'input_tokens':
      return input
    case 'output_tokens':
      return Math.min(output, capacity)
    case 'tokens':
      return input + Math.min(output, Math.max(0, capacity - input))
  }
}

/** What is no number of tokens could be any number of them. */
function wholeOr(tokens: number): number {
  return tokens >= 0 ? Math.ceil(tokens) : Number.POSITIVE_INFINITY
}

/** What a turn in a queue costs the tenant of the call: the most that it asks of a bucket. */
export function costOf({ asks }: TakeRequest): number {
  return Math.max(1, ...asks.map(({ amount }) => amount))
}

/** The pair that cools down together after the provider asked to wait. */
function cooldownKey({ scopes: { provider, key, model } }: LimitedCall): string | undefined {
  if (key === undefined && model === undefined && provider === undefined) return undefined
  return [provider, key, model].map((part) => part ?? '*').join('/')
}
