import type { WorkflowView } from 'meepo'
import { fit, type Terminal } from '../terminal.ts'
import { columns } from './columns.ts'
import { formatMs, oneLine } from './format.ts'

/** Workflows as a table: which, when, the next and the last run, how many are going on, and what is wrong. */
export function workflowsTable(terminal: Terminal, views: readonly WorkflowView[], now: number): string {
  const head = ['WORKFLOW', 'SCHEDULE', 'NEXT', 'LAST', 'RUNNING', '']
  const lines = columns([head, ...views.map((view) => cellsOf(view, now))], [false, false, false, false, true, false])
  const width = terminal.isOutLive ? terminal.columns() : Infinity
  return `${lines.map((line) => fit(line, width)).join('\n')}\n`
}

function cellsOf({ name, version, schedule, nextAt, last, running, ...state }: WorkflowView, now: number) {
  return [
    `${oneLine(name)}@${version}`,
    schedule === undefined ? '' : oneLine(`${schedule.cron} ${schedule.timeZone ?? 'UTC'}`),
    nextAt === undefined ? '' : `in ${formatMs(Math.max(0, nextAt - now))}`,
    last === undefined ? '' : `${formatMs(Math.max(0, now - last.at))} ago, ${last.runId}`,
    String(running),
    noteOf({ schedule, nextAt, last, ...state }),
  ]
}

type NoteParts = Pick<WorkflowView, 'isPaused' | 'lastPassed'> & {
  readonly [K in 'schedule' | 'nextAt' | 'last']: WorkflowView[K] | undefined
}

function noteOf({ schedule, isPaused, nextAt, last, lastPassed }: NoteParts): string {
  if (schedule === undefined) return ''
  if (isPaused) return 'paused'
  if (nextAt === undefined) return 'no process keeps it yet'
  if (lastPassed === undefined || lastPassed.at < (last?.at ?? 0)) return ''
  const { why, error } = lastPassed
  return error === undefined ? `the last fire was passed over: ${why}` : `the last fire failed: ${error.code}`
}
