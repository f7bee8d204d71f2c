import type { CostLine, CostQuery } from '@meepo/core'
import { fit, type Terminal } from '../terminal.ts'
import { formatCost, oneLine } from './format.ts'
import { bar } from './bar.ts'
import { columns } from './columns.ts'

const barWidth = 20

/** Costs as a table: of what, how much, its share of everything with a bar, calls, tokens; the sum below. */
export function costTable(terminal: Terminal, by: CostQuery['by'], rows: readonly CostLine[], total: CostLine): string {
  const most = Math.max(...rows.map(({ dollars }) => dollars))
  const cells = rows.map((row) => [...cellsOf(row, total), notesOf(row)])
  const head = [by.toUpperCase(), 'COST', 'SHARE', 'CALLS', 'TOKENS', '']
  const sum = [...cellsOf({ ...total, key: 'total' }, total), notesOf(total)]
  const lines = columns([head, ...cells, sum], [false, true, true, true, true, false])
  const width = terminal.isOutLive ? terminal.columns() : Infinity
  const shown = lines.map((line, at) => {
    const row = rows[at - 1]
    // Without a screen to fit there is nobody to look at a bar.
    if (!terminal.isOutLive || row === undefined || most <= 0) return line
    return `${line}  ${terminal.style('out', 'cyan', bar(row.dollars / most, barWidth))}`
  })
  return `${shown.map((line) => fit(line.trimEnd(), width)).join('\n')}\n`
}

function cellsOf(row: CostLine, total: CostLine): readonly string[] {
  const share = total.dollars > 0 ? `${Math.round((100 * row.dollars) / total.dollars)}%` : ''
  const count = (value: number): string => value.toLocaleString('en-US')
  return [oneLine(row.key), formatCost(BigInt(row.picoDollars)), share, count(row.calls), count(row.tokens)]
}

/** What the sum does not say by itself. */
function notesOf({ unpricedCalls, unknownCalls, savedPicoDollars }: CostLine): string {
  return [
    ...(unpricedCalls > 0 ? [`${unpricedCalls} without a price`] : []),
    ...(unknownCalls > 0 ? [`${unknownCalls} unknown`] : []),
    ...(savedPicoDollars === '0' ? [] : [`${formatCost(BigInt(savedPicoDollars))} saved`]),
  ].join(', ')
}
