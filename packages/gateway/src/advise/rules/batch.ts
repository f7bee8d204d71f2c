import type { AdviceContext, Rule } from '../advice.ts'
import { emptySum, Groups, isTarget } from '../groups.ts'

/** Calls that nobody watched, at the price of the provider's batch API. */
export function batchRule({ repricer }: AdviceContext): Rule {
  const groups = new Groups(() => ({ ...emptySum(), spent: 0n, asked: 0 }))
  return {
    name: 'batch',
    see(call) {
      const { entry, facts } = call
      if (entry.outcome !== 'ok' || facts.isStreamed || facts.requestedTier === 'batch') return
      const now = repricer.price(call)
      const batched = repricer.price(call, { requestedTier: 'batch' })
      if (now === undefined || batched === undefined || batched >= now) return
      const group = groups.of(entry.target)
      group.calls += 1
      group.pico += now - batched
      group.spent += now
      if (facts.canWait) group.asked += 1
    },
    findings: () =>
      groups.entries().map(([target, { calls, pico, spent, asked }]) => ({
        subject: target,
        advice: `Send calls of ${target} that nobody watches through its batch API: ${calls} were not streamed.`,
        effect: 'saves',
        pico,
        calls,
        evidence: { spentPicoDollars: String(spent), saidThatTheyCanWait: asked },
        where: `${isTarget(target)} AND entry ->> '$.outcome' = 'ok' AND entry ->> '$.facts.isStreamed' IS NULL AND ifnull(entry ->> '$.facts.requestedTier', '') <> 'batch'`,
      })),
  }
}
