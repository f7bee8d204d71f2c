import { estimateText, type JsonObject, type Plan, type PlanEstimate, type PlannedTask } from '@meepo/core'
import { fit, type Terminal } from '../terminal.ts'
import { columns } from './columns.ts'
import { oneLine } from './format.ts'

/** A plan as a planner tells it: its estimate, and a line for each task with who does it and what it waits for. */
export function planText(terminal: Terminal, details: JsonObject): string {
  // Written by a planner of this release, or one whose logs it reads.
  const { plan, estimate, isOverBudget } = details as unknown as Told
  const head = terminal.style('err', 'bold', `plan: ${oneLine(estimateText(estimate))}`)
  const over =
    isOverBudget === true ? [terminal.style('err', 'red', 'it is likely to cost more than the run may spend')] : []
  const tasks = plan
    ? columns(plan.tasks.map(cells), [false, false, false, false])
    : ['it is too long to be shown; see the trace']
  const width = terminal.isLive ? terminal.columns() : Infinity
  return [head, ...over, ...tasks.map((line) => fit(`  ${line}`, width)), ''].join('\n')
}

interface Told {
  readonly plan?: Plan
  readonly estimate: PlanEstimate
  readonly isOverBudget?: boolean
}

function cells({ id, tool, agent, needs = [], purpose = '', role, optional }: PlannedTask): readonly string[] {
  const notes = [
    role === undefined || role === 'worker' ? '' : role,
    optional === true ? 'optional' : '',
    oneLine(purpose),
  ]
  return [
    id,
    oneLine(tool ?? agent ?? ''),
    needs.length > 0 ? `after ${needs.join(', ')}` : '',
    notes.filter((note) => note !== '').join(', '),
  ]
}
