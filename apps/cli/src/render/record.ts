import type { RunRecord } from '@meepo/core'
import { totalTokens } from '@meepo/core'
import type { Terminal } from '../terminal.ts'
import { formatCost, formatCount, formatMs } from './format.ts'

/** A result for people and pipes: a text as it is, everything else as JSON; nothing for no result. */
export function resultText(result: unknown): string {
  if (result === undefined) return ''
  return `${typeof result === 'string' ? result : JSON.stringify(result, undefined, 2)}\n`
}

/** One line that says how a run ended. */
export function endLine(terminal: Terminal, name: string, record: RunRecord<unknown>, elapsedMs: number): string {
  const mark = record.success ? terminal.style('err', 'green', '✓') : terminal.style('err', 'red', '✗')
  const parts = [`${name} ${record.runId} ${record.status}`, formatMs(elapsedMs)]
  if (record.iterations > 0) parts.push(formatCount(record.iterations, 'turn'))
  const tokens = totalTokens(record.usage)
  if (tokens > 0) parts.push(formatCount(tokens, 'token'))
  const { picoDollars, treePicoDollars = picoDollars, unknownCalls, unpricedCalls } = record.cost
  if (treePicoDollars !== '0') parts.push(formatCost(BigInt(treePicoDollars)))
  if (unknownCalls !== undefined) parts.push(`${formatCount(unknownCalls, 'call')} of unknown cost`)
  if (treePicoDollars !== '0' && unpricedCalls > 0) parts.push(`${formatCount(unpricedCalls, 'call')} without a price`)
  if (record.checkpoint !== undefined) parts.push(`last checkpoint ${record.checkpoint}`)
  return `${mark} ${parts.join(' · ')}\n`
}
