import type { WorkflowView } from 'meepo'
import { fit, type Terminal } from '../terminal.ts'
import { columns } from './columns.ts'
import { formatMs, oneLine } from './format.ts'

/** Workflows as a table: which, when, the next and the last run, what got none, how many go on, and what is wrong. */
export function workflowsTable(terminal: Terminal, views: readonly WorkflowView[], now: number): string {
  const head = ['WORKFLOW', 'SCHEDULE', 'NEXT', 'LAST', 'PASSED OVER', 'RUNNING', '']
  const isRight = [false, false, false, false, false, true, false]
  const lines = columns([head, ...views.map((view) => cellsOf(view, now))], isRight)
  const width = terminal.isOutLive ? terminal.columns() : Infinity
  return `${lines.map((line) => fit(line, width)).join('\n')}\n`
}

function cellsOf(view: WorkflowView, now: number): readonly string[] {
  const { name, version, schedule, nextAt, last, running } = view
  return [
    `${oneLine(name)}@${version}`,
    schedule === undefined ? '' : oneLine(`${schedule.cron} ${schedule.timeZone ?? 'UTC'}`),
    nextAt === undefined ? '' : nextAt >= now ? `in ${formatMs(nextAt - now)}` : `due ${agoOf(nextAt, now)}`,
    last === undefined ? '' : `${agoOf(last.at, now)}, ${last.runId}`,
    passedOf(view, now),
    String(running),
    noteOf(view),
  ]
}

/** `overlap, 5 m 00 s ago`, `5 missed, 2 h 10 m ago`. */
function passedOf({ lastPassed }: WorkflowView, now: number): string {
  if (lastPassed === undefined) return ''
  const { at, why, count, error } = lastPassed
  const what = count === undefined ? (error?.code ?? why) : `${count} ${why}`
  return `${oneLine(what)}, ${agoOf(at, now)}`
}

function noteOf({ schedule, isPaused, isKept }: WorkflowView): string {
  if (schedule === undefined) return ''
  if (isPaused) return 'paused'
  return isKept ? '' : 'no process keeps it: `meepo workflows serve` does'
}

function agoOf(at: number, now: number): string {
  return `${formatMs(Math.max(0, now - at))} ago`
}
