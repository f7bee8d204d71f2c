import type { Usage } from '../../base/usage.ts'
import type { Used } from './limiter.ts'

/** Providers whose input limits leave out what was read from a prompt cache. */
const withoutCacheReads: ReadonlySet<string> = new Set(['anthropic', 'groq'])
/** Providers that charge the highest possible output before the call and give nothing back. */
const withoutRefund: ReadonlySet<string> = new Set(['cerebras'])

/**
 * How a kind of provider counts a call against its limits of tokens. Everybody else counts every token.
 *
 * @example
 * permit.settle(chargeFor('anthropic')(usage))
 */
export function chargeFor(provider: string): (usage: Usage) => Used {
  const countsCacheReads = !withoutCacheReads.has(provider)
  const givesBack = !withoutRefund.has(provider)
  return ({ input, cacheRead, cacheWrite, output, reasoning }) => ({
    inputTokens: input + cacheWrite + (countsCacheReads ? cacheRead : 0),
    ...(givesBack ? { outputTokens: output + reasoning } : {}),
  })
}
