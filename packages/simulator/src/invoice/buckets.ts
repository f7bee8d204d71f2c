import type { CompletionUsage } from '../openai/completion.ts'
import { writtenTokens } from '../openai/render.ts'

/** Billed tokens, each in one bucket only. */
export interface Buckets {
  /** Neither read from nor written to a cache. */
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly cacheWrite30m: number
  readonly cacheWrite1h: number
  readonly cacheWrite12h: number
  /** Without reasoning. */
  readonly output: number
  readonly reasoning: number
}

/**
 * The buckets of a usage when only so much output was delivered. Reasoning comes before everything else, so it is the
 * first that was delivered.
 */
export function bucketsOf(usage: CompletionUsage, outputTokens: number): Buckets {
  const reasoning = Math.min(usage.reasoningTokens, outputTokens)
  return {
    input: Math.max(0, usage.inputTokens - usage.cachedInputTokens - writtenTokens(usage)),
    cacheRead: usage.cachedInputTokens,
    cacheWrite: usage.cacheWriteTokens,
    cacheWrite30m: usage.cacheWrite30mTokens,
    cacheWrite1h: usage.cacheWrite1hTokens,
    cacheWrite12h: usage.cacheWrite12hTokens,
    output: outputTokens - reasoning,
    reasoning,
  }
}
