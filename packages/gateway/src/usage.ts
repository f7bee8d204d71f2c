import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import type { Usage } from '@meepo/core'

import type { ProviderKind } from './options.ts'

/** The counts of one call as disjoint buckets; `undefined` when the provider reported none. */
export function toUsage(usage: LanguageModelV4Usage | undefined, kind: ProviderKind): Usage | undefined {
  if (usage?.inputTokens.total === undefined || usage.outputTokens.total === undefined) return undefined
  const { total, cacheRead, cacheWrite } = cacheCounts(usage, kind)
  const reasoning = usage.outputTokens.reasoning ?? 0
  return {
    // What a provider miscounts must not become a negative cost.
    input: Math.max(0, total - cacheRead - cacheWrite),
    cacheRead,
    cacheWrite,
    output: Math.max(0, usage.outputTokens.total - reasoning),
    reasoning,
    calls: 1,
  }
}

interface CacheCounts {
  /** Of all input tokens, cached ones included. */
  readonly total: number
  readonly cacheRead: number
  readonly cacheWrite: number
}

function cacheCounts({ inputTokens, raw }: LanguageModelV4Usage, kind: ProviderKind): CacheCounts {
  const { total = 0, noCache = 0, cacheRead = 0, cacheWrite = 0 } = inputTokens
  if (kind === 'openai-compatible') {
    // The adapter knows no written tokens, and not every vendor's name of the read ones.
    const details = record(raw?.['prompt_tokens_details'])
    return {
      total,
      cacheRead: cacheRead || count(raw?.['prompt_cache_hit_tokens']),
      cacheWrite: count(details['cache_write_tokens']) || count(raw?.['cache_write_tokens']),
    }
  }
  const passes = kind === 'anthropic' ? compactionPasses(raw?.['iterations']) : []
  if (passes.length > 0) {
    // With compaction the adapter sums fresh input over all passes, but takes cached input from the last one.
    const read = sum(passes, 'cache_read_input_tokens')
    const write = sum(passes, 'cache_creation_input_tokens')
    return { total: noCache + read + write, cacheRead: read, cacheWrite: write }
  }
  return { total, cacheRead, cacheWrite }
}

function compactionPasses(iterations: unknown): Record<string, unknown>[] {
  const all = Array.isArray(iterations) ? iterations.map(record) : []
  // After a fallback on the server the totals are already those of the answer.
  if (all.some((pass) => pass['type'] === 'fallback_message')) return []
  return all.filter((pass) => pass['type'] === 'compaction' || pass['type'] === 'message')
}

function sum(passes: readonly Record<string, unknown>[], field: string): number {
  return passes.reduce((total, pass) => total + count(pass[field]), 0)
}

function count(value: unknown): number {
  return typeof value === 'number' && value > 0 ? value : 0
}

function record(value: unknown): Record<string, unknown> {
  // Read field by field, each checked where it is used.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
