import { formatDollars } from 'meepo'

import type { ExampleEnd } from './run-example.ts'

/** What the run cost by agent, as the last lines of an example; with the invoice of the scripted model beside it. */
export function costTable({ costs, invoice, paidNow, isOld }: ExampleEnd<unknown>): string {
  const rows = costs.map(({ key, calls, tokens, picoDollars, unpricedCalls }) => [
    key,
    String(calls),
    String(tokens),
    unpricedCalls === calls && calls > 0 ? 'no price' : formatDollars(BigInt(picoDollars)),
  ])
  const all = costs.reduce((sum, line) => sum + BigInt(line.picoDollars), 0n)
  const sum = (of: 'calls' | 'tokens'): string => String(costs.reduce((total, line) => total + line[of], 0))
  rows.push(['together', sum('calls'), sum('tokens'), formatDollars(all)])
  const lines = [['agent', 'calls', 'tokens', 'cost'], ...rows].map(
    ([name = '', calls = '', tokens = '', cost = '']) =>
      `${name.padEnd(24)}${calls.padStart(7)}${tokens.padStart(11)}  ${cost}`,
  )
  if (invoice !== undefined && !isOld) {
    const agrees =
      invoice.amountPico === paidNow ? 'the same' : `not the ${formatDollars(BigInt(paidNow))} in the books`
    lines.push(`invoice of the scripted model: ${formatDollars(BigInt(invoice.amountPico))}, ${agrees}`)
  }
  return `${lines.join('\n')}\n`
}
