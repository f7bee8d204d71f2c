import type { Rule } from '../advice.ts'
import { emptySum, Groups, isTarget } from '../groups.ts'

/** A cache that keeps answers for a day would have had it. */
const dayMs = 86_400_000

/** Equal requests of one tenant within a day, each paid for. */
export function duplicatesRule(): Rule {
  const paidAt = new Map<string, number>()
  const groups = new Groups(() => ({ ...emptySum(), hashes: new Set<string>() }))
  return {
    name: 'duplicates',
    see({ line, entry, facts, pico }) {
      const { requestHash } = facts
      if (entry.outcome !== 'ok' || requestHash === undefined) return
      const key = `${line.tenant}\n${entry.target}\n${requestHash}`
      const first = paidAt.get(key)
      if (first === undefined || entry.startedAt - first >= dayMs) {
        paidAt.set(key, entry.startedAt)
        return
      }
      const group = groups.of(entry.target)
      group.calls += 1
      group.pico += pico
      group.hashes.add(requestHash)
    },
    findings: () =>
      groups.entries().map(([target, { calls, pico, hashes }]) => ({
        subject: target,
        advice: `Answer repeated requests to ${target} from the cache (routing.cacheMs): ${calls} asked what was answered within a day.`,
        effect: 'saves',
        pico,
        calls,
        evidence: { differentRequests: hashes.size },
        where: `${isTarget(target)} AND entry ->> '$.outcome' = 'ok' AND entry ->> '$.facts.requestHash' IN (SELECT entry ->> '$.facts.requestHash' FROM ledger WHERE ${isTarget(target)} AND entry ->> '$.outcome' = 'ok' GROUP BY 1, tenant HAVING count(*) > 1)`,
      })),
  }
}
