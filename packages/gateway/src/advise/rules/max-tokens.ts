import type { AdviceContext, Rule } from '../advice.ts'
import { Groups, isTarget, quote } from '../groups.ts'
import { bucketsOf } from '../repricer.ts'

/** With fewer calls the longest answer says little. */
const leastCalls = 20
/** A limit is oversized when it is so many times the longest answer … */
const oversized = 4
/** … and sized well when it is the longest answer and half of it. */
const margin = 1.5

interface Group {
  calls: number
  longest: number
  isCut: boolean
  /** All limits together, the price of one output token, and who set money aside for it. */
  limits: number
  perToken: bigint
  agent: string
}

/** Limits of the output that nobody comes near: budgets and token rates are held back for them while the call runs. */
export function maxTokensRule({ repricer }: AdviceContext): Rule {
  const groups = new Groups<Group>(() => ({ calls: 0, longest: 0, isCut: false, limits: 0, perToken: 0n, agent: '' }))
  return {
    name: 'max-tokens',
    see(call) {
      const { entry, facts, line } = call
      const { maxOutputTokens } = facts
      if (entry.outcome !== 'ok' || maxOutputTokens === undefined) return
      const agent = line.scopes.find((scope) => scope.startsWith('agent:')) ?? ''
      const group = groups.of(`${entry.target}\n${agent}`)
      group.calls += 1
      group.agent = agent
      group.longest = Math.max(group.longest, entry.usage.output + entry.usage.reasoning)
      group.isCut ||= facts.finish === 'length'
      group.limits += maxOutputTokens
      const buckets = bucketsOf(entry, facts.buckets)
      const more = { ...buckets, out: { ...buckets.out, text: (buckets.out.text ?? 0) + 1 } }
      const perToken = (repricer.price(call, { buckets: more }) ?? 0n) - (repricer.price(call) ?? 0n)
      if (perToken > group.perToken) group.perToken = perToken
    },
    findings: () =>
      groups.entries().flatMap(([key, { calls, longest, isCut, limits, perToken, agent }]) => {
        const [target = ''] = key.split('\n')
        const wanted = Math.ceil(longest * margin)
        if (calls < leastCalls || isCut || longest === 0 || limits < calls * longest * oversized) return []
        const whose = agent === '' ? target : `${target} ${agent}`
        return {
          subject: whose,
          advice: `Lower maxOutputTokens of ${whose} to ${wanted}: the longest of ${calls} answers had ${longest} tokens.`,
          effect: 'frees' as const,
          pico: BigInt(limits - calls * wanted) * perToken,
          calls,
          evidence: { averageLimit: Math.round(limits / calls), longestAnswer: longest, suggestion: wanted },
          where: `${isTarget(target)} AND entry ->> '$.outcome' = 'ok'${agent === '' ? '' : ` AND scopes LIKE ${quote(`%"${agent}"%`)}`}`,
        }
      }),
  }
}
