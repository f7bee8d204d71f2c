import type { Timeline, TimelineEntry } from '../trace/timeline.ts'
import { fit, type Terminal } from '../terminal.ts'
import { formatCost, formatCount, formatMs, formatSpending, oneLine } from './format.ts'
import { colourOf } from './runs-table.ts'

const marks = {
  running: ['▸', 'cyan'],
  waiting: ['…', 'yellow'],
  completed: ['✓', 'green'],
  failed: ['✗', 'red'],
  unknown: ['?', 'magenta'],
  cancelled: ['-', 'gray'],
} as const

/** A timeline as lines: a tree on the left; time, tokens and attempts behind each name. */
export function treeLines(terminal: Terminal, root: Timeline, now: number): string[] {
  const width = terminal.isOutLive ? terminal.columns() : Infinity
  const lines = [head(terminal, root, now)]
  branch(terminal, root, '', now, lines)
  return lines.map((line) => fit(line, width))
}

function branch(terminal: Terminal, timeline: Timeline, indent: string, now: number, lines: string[]): void {
  const hasError = timeline.error !== undefined
  for (const [at, entry] of timeline.entries.entries()) {
    const isLast = at === timeline.entries.length - 1 && !hasError
    lines.push(`${indent}${isLast ? '└─ ' : '├─ '}${entryLine(terminal, entry, timeline, now)}`)
    if (entry.child) branch(terminal, entry.child, `${indent}${isLast ? '   ' : '│  '}`, now, lines)
  }
  if (timeline.error) {
    const { code, message } = timeline.error
    lines.push(`${indent}└─ ${terminal.style('out', 'red', code)}: ${oneLine(message)}`)
  }
}

function head(terminal: Terminal, timeline: Timeline, now: number): string {
  const { runId, definition, version, status, startedAt, durationMs, tokens, spending } = timeline
  const parts = [`${oneLine(definition)}@${version}`, runId, terminal.style('out', colourOf(status), status)]
  parts.push(formatMs(durationMs ?? Math.max(0, now - startedAt)))
  if (tokens > 0) parts.push(formatCount(tokens, 'token'))
  if (spending) parts.push(...formatSpending(spending))
  return parts.join('  ')
}

function entryLine(terminal: Terminal, entry: TimelineEntry, run: Timeline, now: number): string {
  const [mark, colour] = marks[entry.status]
  const parts = [`${terminal.style('out', colour, mark)} #${entry.number} ${titleOf(entry)}`]
  if (entry.status !== 'completed') parts.push(entry.status)
  if (entry.durationMs !== undefined || !isOver(run)) {
    parts.push(formatMs(entry.durationMs ?? Math.max(0, now - entry.startedAt)))
  }
  if (entry.turn !== undefined) parts.push(`turn ${entry.turn}`)
  if ((entry.attempts ?? 1) > 1) parts.push(formatCount(entry.attempts ?? 1, 'attempt'))
  const tokens = entry.child?.tokens ?? entry.tokens ?? 0
  if (tokens > 0) parts.push(formatCount(tokens, 'token'))
  const spent = BigInt(entry.child?.spending?.settled ?? entry.picoDollars ?? 0)
  if (spent > 0n) parts.push(formatCost(spent))
  if (entry.status === 'unknown') parts.push(`meepo resolve ${run.runId} ${entry.number}`)
  else if (entry.error && !entry.child) parts.push(`${entry.error.code}: ${oneLine(entry.error.message)}`)
  return parts.join('  ')
}

function titleOf(entry: TimelineEntry): string {
  if (entry.kind === 'child') {
    const { child, childRunId = '' } = entry
    return `child ${oneLine(entry.name)} (${child ? `${oneLine(child.definition)}@${child.version} ` : ''}${childRunId})`
  }
  if (entry.tool !== undefined) return `tool ${entry.tool}`
  if (entry.model !== undefined) return `model ${oneLine(entry.model)}`
  return entry.kind === 'sleep' ? 'sleep' : `${entry.kind} ${oneLine(entry.name)}`
}

function isOver({ status }: Timeline): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled'
}
