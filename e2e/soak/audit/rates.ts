import type { JournalEntry } from '@meepo/simulator'
import { tenants } from '../settings.ts'

/** How well the allowed rate was used, and by whom. */
export interface RatesReport {
  /** Tokens used, of those allowed while every tenant had work waiting: 1 is all of them. */
  readonly usedShare: number
  /** By tenant: its part of the tokens in that time, as a multiple of its fair share. */
  readonly shares: Readonly<Record<string, number>>
  readonly seconds: number
}

/**
 * Looks at the time in which all tenants had more work than room: from the first request until the first of them ran out of
 * it. `tenantOf` tells whose a request was.
 */
export function measureRates(
  invoice: readonly JournalEntry[],
  tenantOf: (attemptId: string) => string | undefined,
  window: { readonly from: number; readonly until: number },
  allowed: { readonly tokensPerMinute: number; readonly burst: number },
): RatesReport {
  const tokens: Record<string, number> = {}
  for (const request of invoice) {
    if (!request.billed || request.startedAt < window.from || request.startedAt > window.until) continue
    const tenant = tenantOf(request.attemptId ?? '') ?? '?'
    tokens[tenant] = (tokens[tenant] ?? 0) + request.inputTokens + request.outputTokens
  }
  const total = Object.values(tokens).reduce((sum, count) => sum + count, 0)
  const names = Object.keys(tenants).filter((name) => name in tokens)
  const seconds = (window.until - window.from) / 1_000
  return {
    usedShare: total / ((allowed.tokensPerMinute / 60) * seconds),
    shares: Object.fromEntries(names.map((name) => [name, ((tokens[name] ?? 0) / total) * names.length])),
    seconds,
  }
}
