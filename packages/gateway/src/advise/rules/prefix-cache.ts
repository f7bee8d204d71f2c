import type { UsageBuckets } from '@meepo/core'

import type { AdviceContext, BookedCall, Rule } from '../advice.ts'
import { Groups, isTarget, quote } from '../groups.ts'
import { bucketsOf } from '../repricer.ts'

/** Shorter prefixes are not cached by any provider that is asked to. */
const least = 1_024
const lifetimes = { m5: 5 * 60_000, h1: 60 * 60_000 } as const
type Lifetime = keyof typeof lifetimes

interface Group {
  calls: number
  tokens: number
  readonly saved: Record<Lifetime, bigint>
  /** When the prefix was used last. */
  lastAt: number
}

/**
 * What a cache that has to be asked for would save: the first call of a prefix writes it, and so does every call that comes
 * too late; the others read it, which prolongs its life.
 */
export function prefixCacheRule({ repricer }: AdviceContext): Rule {
  const groups = new Groups<Group>(() => ({ calls: 0, tokens: 0, saved: { m5: 0n, h1: 0n }, lastAt: -Infinity }))
  return {
    name: 'prefix-cache',
    see(call) {
      const { entry, facts } = call
      const { prefixHash, prefixTokens = 0 } = facts
      const isCached = entry.usage.cacheRead > 0 || entry.usage.cacheWrite > 0
      const tokens = Math.min(prefixTokens, entry.usage.input)
      if (entry.outcome !== 'ok' || prefixHash === undefined || isCached || tokens < least) return
      const group = groups.of(`${entry.target}\n${prefixHash}`)
      const now = repricer.price(call)
      for (const life of ['m5', 'h1'] as const) {
        const isAlive = entry.startedAt - group.lastAt < lifetimes[life]
        const cached = repricer.price(call, { buckets: withCache(call, tokens, isAlive ? 'read' : life) })
        // Without rates of its own a cache is not for sale: it works by itself, or not at all.
        group.saved[life] += now === undefined || cached === undefined ? 0n : now - cached
      }
      group.calls += 1
      group.tokens += tokens
      group.lastAt = entry.startedAt
    },
    findings: () =>
      groups.entries().map(([key, { calls, tokens, saved }]) => {
        const [target = '', prefix = ''] = key.split('\n')
        const life = saved.h1 > saved.m5 ? 'h1' : 'm5'
        const words = life === 'h1' ? 'an hour' : '5 minutes'
        return {
          subject: `${target} prefix ${prefix}`,
          advice: `Let ${target} cache the tools and instructions of this prefix for ${words}.`,
          effect: 'saves',
          pico: saved[life],
          calls,
          evidence: { prefixTokens: Math.round(tokens / calls), fiveMinutes: String(saved.m5), hour: String(saved.h1) },
          where: `${isTarget(target)} AND entry ->> '$.facts.prefixHash' = ${quote(prefix)} AND entry ->> '$.usage.cacheRead' = 0 AND entry ->> '$.usage.cacheWrite' = 0`,
        }
      }),
  }
}

function withCache({ entry, facts }: BookedCall, tokens: number, how: 'read' | Lifetime): UsageBuckets {
  const buckets = bucketsOf(entry, facts.buckets)
  const rest = { ...buckets, in: { ...buckets.in, text: Math.max(0, (buckets.in.text ?? 0) - tokens) } }
  return how === 'read' ? { ...rest, read: { text: tokens } } : { ...rest, write: { [how]: tokens } }
}
