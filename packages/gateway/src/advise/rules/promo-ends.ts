import type { AdviceContext, Rule } from '../advice.ts'
import { Groups, isTarget } from '../groups.ts'

/** So far ahead is looked. */
const aheadMs = 90 * 86_400_000

/** Prices that the book says will rise soon, for the same calls. */
export function promoEndsRule({ repricer, to }: AdviceContext): Rule {
  const groups = new Groups(() => ({ calls: 0, more: 0n, from: '' }))
  return {
    name: 'promo-ends',
    see(call) {
      const { entry } = call
      const card = entry.outcome === 'ok' ? repricer.card(entry.target, entry.model) : undefined
      const next = card?.periods
        .flatMap(({ from, dailyUtc }) => (from === undefined || dailyUtc ? [] : [from]))
        .filter((from) => Date.parse(from) >= to && Date.parse(from) < to + aheadMs)
        .toSorted()[0]
      if (next === undefined) return
      const now = repricer.price(call, { at: to - 1 })
      const then = repricer.price(call, { at: Date.parse(next) })
      if (now === undefined || then === undefined) return
      const group = groups.of(entry.target)
      group.calls += 1
      group.more += then - now
      group.from = next
    },
    findings: () =>
      groups.entries().map(([target, { calls, more, from }]) => ({
        subject: target,
        advice: `Prices of ${target} rise on ${from}: decide on another model by then.`,
        effect: 'rises',
        pico: more,
        calls,
        evidence: { from },
        where: `${isTarget(target)} AND entry ->> '$.outcome' = 'ok'`,
      })),
  }
}
