import { formatDollars } from '@meepo/core'
import type { GraphEstimate } from 'meepo/files'
import { formatCount } from '../render/format.ts'

/** Windows beyond these are told by their number. */
const windowsShown = 8
/** Names beyond these are told by their number. */
const namesShown = 6

/** An estimate as lines. */
export function estimateTable(name: string, estimate: GraphEstimate): string {
  const { tasks, runs, ms, picoDollars, levels, criticalPath, windows, widest, unknown, countedOnce } = estimate
  const source = runs > 0 ? `${runs} past run${runs === 1 ? '' : 's'}` : 'what its tasks expect'
  const lines = [
    `graph ${name}: ${formatCount(tasks, 'task')}, ${formatCount(levels.length, 'level')}, of ${source}`,
    `  time   p50 ${formatMs(ms.p50)}   p95 ${formatMs(ms.p95)}`,
    `  cost   p50 ${dollars(picoDollars.p50)}   p95 ${dollars(picoDollars.p95)}`,
    `  critical path   ${criticalPath.tasks.join(' > ')}   ${formatMs(criticalPath.ms)}`,
    `  at work together   at most ${widest}`,
    ...windows
      .slice(0, windowsShown)
      .map(({ from, to, tasks: ids }) => `    ${formatMs(from)} to ${formatMs(to)}   ${namesOf(ids)}`),
    ...(windows.length > windowsShown ? [`    and ${windows.length - windowsShown} more`] : []),
    ...levels.map((ids, level) => `  level ${level + 1}   ${namesOf(ids)}`),
    ...noteOf('how long is not known', unknown.ms),
    ...noteOf('what it costs is not known', unknown.dollars),
    ...noteOf('counted for one item, once', countedOnce),
  ]
  return `${lines.join('\n')}\n`
}

function noteOf(note: string, ids: readonly string[]): readonly string[] {
  return ids.length === 0 ? [] : [`  ${note}: ${namesOf(ids)}`]
}

function namesOf(ids: readonly string[]): string {
  const more = ids.length > namesShown ? ` and ${ids.length - namesShown} more` : ''
  return `${ids.slice(0, namesShown).join(', ')}${more}`
}

function formatMs(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`
}

function dollars(pico: number): string {
  return formatDollars(BigInt(Math.round(pico)))
}
