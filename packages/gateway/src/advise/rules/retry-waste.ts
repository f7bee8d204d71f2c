import type { Rule } from '../advice.ts'
import { emptySum, Groups, isTarget } from '../groups.ts'

const wasted: ReadonlySet<string> = new Set(['failed', 'interrupted', 'unknown'])

/** Sends that were billed and gave no answer. */
export function retryWasteRule(): Rule {
  const groups = new Groups(() => ({ ...emptySum(), errors: new Map<string, number>() }))
  return {
    name: 'retry-waste',
    see({ entry, pico }) {
      if (!wasted.has(entry.outcome) || pico === 0n) return
      const group = groups.of(entry.target)
      group.calls += 1
      group.pico += pico
      const code = entry.error?.code ?? entry.outcome
      group.errors.set(code, (group.errors.get(code) ?? 0) + 1)
    },
    findings: () =>
      groups.entries().map(([target, { calls, pico, errors }]) => ({
        subject: target,
        advice: `Route around ${target} or give it more time: ${calls} billed sends gave no answer.`,
        effect: 'saves',
        pico,
        calls,
        evidence: Object.fromEntries(errors),
        where: `${isTarget(target)} AND entry ->> '$.outcome' IN ('failed', 'interrupted', 'unknown')`,
      })),
  }
}
