/** Tokens of one or many model calls, as disjoint counts: a cached or reasoning token is counted once. */
export interface Usage {
  /** Input tokens that were neither read from nor written to a provider cache. */
  readonly input: number
  /** Input tokens read from a provider cache. */
  readonly cacheRead: number
  /** Input tokens written to a provider cache. */
  readonly cacheWrite: number
  /** Output tokens without reasoning. */
  readonly output: number
  /** Output tokens spent on reasoning. */
  readonly reasoning: number
  /** Model calls that were answered. */
  readonly calls: number
}

/** No tokens at all. */
export const noUsage: Usage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, calls: 0 }

/** The sum of two usages. */
export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
    calls: a.calls + b.calls,
  }
}

/** All tokens, in and out. */
export function totalTokens(usage: Usage): number {
  return usage.input + usage.cacheRead + usage.cacheWrite + usage.output + usage.reasoning
}
