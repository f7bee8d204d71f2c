import type { BudgetState } from '@meepo/core'
import { fit, type Terminal } from '../terminal.ts'
import { bar } from './bar.ts'
import { columns } from './columns.ts'
import { formatCost, formatMs, oneLine } from './format.ts'

const barWidth = 10

/** Budgets as a table: which, whose, how much of it is gone with a bar, what is left, when it starts anew. */
export function budgetTable(terminal: Terminal, states: readonly BudgetState[], now: number): string {
  const head = ['BUDGET', 'WHOSE', 'SPENT', 'RESERVED', 'LEFT', 'LIMIT', 'USED', 'STARTS ANEW']
  const lines = columns(
    [head, ...states.map((state) => cellsOf(state, now))],
    [false, false, true, true, true, true, true, false],
  )
  const width = terminal.isOutLive ? terminal.columns() : Infinity
  const shown = lines.map((line, at) => {
    const state = states[at - 1]
    if (!terminal.isOutLive || state === undefined) return line
    return `${line}  ${terminal.style('out', colourOf(state), bar(usedOf(state), barWidth))}`
  })
  return `${shown.map((line) => fit(line, width)).join('\n')}\n`
}

/** One budget in a line. */
export function budgetLine(state: BudgetState): string {
  const { budget, scope, spent, reserved, left, limit } = state
  const parts = [
    `${formatCost(BigInt(spent))} spent`,
    ...(reserved === '0' ? [] : [`${formatCost(BigInt(reserved))} reserved`]),
    `${formatCost(BigInt(left))} left`,
  ]
  return `${oneLine(budget)} of ${oneLine(scope)}: ${formatCost(BigInt(limit))} (${parts.join(' · ')})`
}

function cellsOf(state: BudgetState, now: number): readonly string[] {
  const money = (text: string): string => formatCost(BigInt(text))
  const { budget, tenant, scope, kind, spent, reserved, left, limit, isSet, resetsAt } = state
  const whose =
    tenant === undefined || tenant === 'default' || scope === `tenant:${tenant}` ? scope : `${tenant} ${scope}`
  return [
    oneLine(kind === 'soft' ? `${budget} (soft)` : budget),
    oneLine(whose),
    money(spent),
    reserved === '0' ? '' : money(reserved),
    money(left),
    isSet ? `${money(limit)} (set)` : money(limit),
    `${Math.round(100 * usedOf(state))}%`,
    resetsAt === undefined ? '' : `in ${formatMs(Math.max(0, resetsAt - now))}`,
  ]
}

function usedOf({ spent, reserved, limit }: BudgetState): number {
  return limit === '0' ? 1 : (Number(spent) + Number(reserved)) / Number(limit)
}

function colourOf(state: BudgetState): 'green' | 'yellow' | 'red' {
  const used = usedOf(state)
  if (used >= 1) return 'red'
  return used >= 0.8 ? 'yellow' : 'green'
}
