import type { AdviceContext, Rule } from '../advice.ts'
import { emptySum, Groups, isTarget } from '../groups.ts'
import { bucketsOf, inputOf } from '../repricer.ts'

/** So far above a size can a request be and still be shortened below it. */
const reach = 1.1

/** Requests that are billed at a higher tier for a few tokens too many. */
export function sizeCliffRule({ repricer }: AdviceContext): Rule {
  const groups = new Groups(() => ({ ...emptySum(), excess: 0 }))
  return {
    name: 'size-cliff',
    see(call) {
      const { entry, facts } = call
      const card = entry.outcome === 'ok' ? repricer.card(entry.target, entry.model) : undefined
      const period = card && repricer.period(card, entry.startedAt)
      const size = inputOf(call)
      for (const { at, op } of period?.sizeTiers ?? []) {
        const most = op === 'gt' ? at : at - 1
        if (size <= most || size > at * reach) continue
        const buckets = bucketsOf(entry, facts.buckets)
        const text = (buckets.in.text ?? 0) - (size - most)
        const now = repricer.price(call)
        const below =
          text < 0 ? undefined : repricer.price(call, { buckets: { ...buckets, in: { ...buckets.in, text } } })
        if (now === undefined || below === undefined || below >= now) continue
        const group = groups.of(`${entry.target}\n${at}`)
        group.calls += 1
        group.pico += now - below
        group.excess += size - most
      }
    },
    findings: () =>
      groups.entries().map(([key, { calls, pico, excess }]) => {
        const [target = '', at = ''] = key.split('\n')
        const size = `(entry ->> '$.usage.input') + (entry ->> '$.usage.cacheRead') + (entry ->> '$.usage.cacheWrite')`
        return {
          subject: `${target} at ${at} tokens`,
          advice: `Shorten requests of ${target} by about ${Math.ceil(excess / calls)} tokens: above ${at} all of them cost more.`,
          effect: 'saves',
          pico,
          calls,
          evidence: { tokens: Number(at), averageExcessTokens: Math.ceil(excess / calls) },
          where: `${isTarget(target)} AND entry ->> '$.outcome' = 'ok' AND ${size} BETWEEN ${at} AND ${Math.floor(Number(at) * reach)}`,
        }
      }),
  }
}
