import type { AdviceContext, Rule } from '../advice.ts'
import { Groups, isTarget } from '../groups.ts'

/** Calls at the prices of another target that the configuration declares to be as good. */
export function cheaperEqualRule({ repricer, equivalents }: AdviceContext): Rule {
  const groups = new Groups(() => ({ calls: 0, saved: new Map<string, bigint>() }))
  return {
    name: 'cheaper-equal',
    see(call) {
      const { entry } = call
      const others = entry.outcome === 'ok' && Object.hasOwn(equivalents, entry.target) ? equivalents[entry.target] : []
      const now = others?.length ? repricer.price(call) : undefined
      if (now === undefined) return
      const group = groups.of(entry.target)
      group.calls += 1
      for (const target of others ?? []) {
        const other = repricer.price(call, { target })
        if (other !== undefined) group.saved.set(target, (group.saved.get(target) ?? 0n) + now - other)
      }
    },
    findings: () =>
      groups.entries().flatMap(([target, { calls, saved }]) => {
        const [best] = [...saved].toSorted(([, a], [, b]) => (a > b ? -1 : 1))
        if (!best) return []
        return {
          subject: target,
          advice: `Call ${best[0]} instead of ${target}: the configuration says that it is as good.`,
          effect: 'saves' as const,
          pico: best[1],
          calls,
          evidence: Object.fromEntries([...saved].map(([other, pico]) => [other, String(pico)])),
          where: `${isTarget(target)} AND entry ->> '$.outcome' = 'ok'`,
        }
      }),
  }
}
