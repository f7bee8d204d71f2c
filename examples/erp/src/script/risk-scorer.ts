import { ask, calculated, call, documentText, finish, isAsked, number, rowsFrom, text } from './chat.ts'
import type { Answer, Conversation, Finding, Row } from './chat.ts'
import { tableBelow } from './markdown.ts'
import { readPolicy, threshold } from './policy.ts'

/** Adds up the risk points of every supplier. */
export function riskScorer(talk: Conversation): Answer {
  if (!isAsked(talk, 'supplier_profiles')) return ask(call('supplier_profiles'), readPolicy)
  const policy = documentText(talk, 'policy.md')
  const points = new Map(tableBelow(policy, 'Risk points').map((row) => [row['factor'] ?? '', row['points'] ?? '']))
  const watched = new Set(tableBelow(policy, 'Watch list').map((row) => row['country'] ?? ''))
  const youngMonths = threshold(talk, 'young_company_months')
  const scored = rowsFrom(talk, 'supplier_profiles', 'suppliers')
    .map((supplier) => ({ supplier, factors: factorsOf(supplier, watched, youngMonths) }))
    .filter(({ factors }) => factors.length > 0)
    .map(({ supplier, factors }) => ({
      supplier,
      factors,
      sum: factors.map((factor) => points.get(factor) ?? '0').join('+'),
    }))
  if (scored.length > 0 && !isAsked(talk, 'calculator')) {
    return ask(call('calculator', { expressions: [...new Set(scored.map(({ sum }) => sum))] }))
  }
  const high = threshold(talk, 'high_risk_score')
  const elevated = threshold(talk, 'elevated_risk_score')
  return finish(
    talk,
    scored.flatMap(({ supplier, factors, sum }): Finding[] => {
      const score = calculated(talk, sum)
      if (!(score >= elevated)) return []
      return [
        {
          kind: score >= high ? 'high_risk' : 'elevated_risk',
          subject: text(supplier, 'supplierId'),
          values: { score },
          note: factors.join(', ').replaceAll('_', ' '),
        },
      ]
    }),
  )
}

function factorsOf(supplier: Row, watched: ReadonlySet<string>, youngMonths: number): string[] {
  const factors: string[] = []
  if (watched.has(text(supplier, 'country'))) factors.push('watchlist_country')
  if (supplier['hasContract'] === false) factors.push('contract_expired')
  if (supplier['hasCertificate'] === false) factors.push('certificate_missing')
  if (number(supplier, 'ageMonths') < youngMonths) factors.push('young_company')
  if (text(supplier, 'accountCountry') !== text(supplier, 'country')) factors.push('foreign_account')
  return factors
}
