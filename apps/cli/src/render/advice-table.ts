import type { Advice, AdviceEffect } from '@meepo/gateway'
import type { Terminal } from '../terminal.ts'
import { formatCost } from './format.ts'

const effects: Readonly<Record<AdviceEffect, string>> = {
  saves: 'less a month',
  frees: 'a month no longer set aside for nothing',
  rises: 'more a month',
}

/** Advice, the most money first: what to do, what it is worth, and the query that shows it. */
export function adviceTable(terminal: Terminal, advice: readonly Advice[]): string {
  const parts = advice.map((one) => {
    const amount = `${formatCost(BigInt(one.picoDollarsPerMonth))} ${effects[one.effect]}`
    return [
      `${terminal.style('out', 'bold', amount)}  ${one.rule}`,
      `  ${one.advice}`,
      `  ${formatCost(BigInt(one.picoDollars))} in ${one.calls.toLocaleString('en-US')} calls: ${evidenceOf(one)}`,
      `  ${terminal.style('out', 'dim', one.proof)}`,
    ].join('\n')
  })
  return `${parts.join('\n\n')}\n\nAmounts may overlap: they do not add up.\n`
}

function evidenceOf({ evidence }: Advice): string {
  return Object.entries(evidence)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
}
