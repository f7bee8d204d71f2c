import type { BucketView, LimitsView, LimitTally } from '@meepo/core'
import { fit, type Terminal } from '../terminal.ts'
import { bar } from './bar.ts'
import { columns } from './columns.ts'
import { formatMs, oneLine } from './format.ts'

const barWidth = 10
const count = new Intl.NumberFormat('en')

/** Levels, then what was counted, then who waits and what cools down; each only when there is something to tell. */
export function limitsTables(terminal: Terminal, view: LimitsView): string {
  const parts = [levels(terminal, view.buckets), tallies(view.tallies), waiting(view), cooldowns(view)]
  const width = terminal.isOutLive ? terminal.columns() : Infinity
  const shown = parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => fit(line, width)).join('\n'))
  return `${shown.join('\n\n')}\n`
}

function levels(terminal: Terminal, buckets: readonly BucketView[]): readonly string[] {
  if (buckets.length === 0) return []
  const head = ['LIMIT', 'WHOSE', 'LEFT', 'OF', 'IN FLIGHT', 'RATE', 'COUNTS']
  const lines = columns([head, ...buckets.map(bucketCells)], [false, false, true, true, true, true, false])
  return lines.map((line, at) => {
    const bucket = buckets[at - 1]
    if (!terminal.isOutLive || bucket === undefined) return line
    return `${line}  ${terminal.style('out', colourOf(bucket), bar(usedOf(bucket), barWidth))}`
  })
}

function bucketCells({ limit, value, available, capacity, open, percent, counts }: BucketView): readonly string[] {
  return [
    oneLine(limit),
    value === '' ? 'all' : oneLine(value),
    count.format(available),
    count.format(capacity),
    count.format(open),
    percent === 100 ? '' : `${percent}%`,
    counts.replace('_', ' '),
  ]
}

function tallies(all: readonly LimitTally[]): readonly string[] {
  if (all.length === 0) return []
  const head = ['LIMIT', 'CALLS', 'WAITED', 'ON AVERAGE', 'AT MOST', 'REFUSED', 'THROTTLED']
  const rows = all.map(({ limit, requests, waits, waitedMs, longestWaitMs, refusals, throttles }) => [
    oneLine(limit),
    count.format(requests),
    count.format(waits),
    waits === 0 ? '' : formatMs(Math.round(waitedMs / waits)),
    waits === 0 ? '' : formatMs(Math.round(longestWaitMs)),
    count.format(refusals),
    count.format(throttles),
  ])
  return columns([head, ...rows], [false, true, true, true, true, true, true])
}

function waiting({ waiting: all }: LimitsView): readonly string[] {
  if (all.length === 0) return []
  const rows = all.map(({ limit, tenant, count: calls }) => [oneLine(limit), oneLine(tenant), count.format(calls)])
  return columns([['LIMIT', 'TENANT', 'WAITING'], ...rows], [false, false, true])
}

function cooldowns({ cooldowns: all }: LimitsView): readonly string[] {
  return all.map(({ key, leftMs }) => `${oneLine(key)} cools down for ${formatMs(Math.ceil(leftMs))}`)
}

function usedOf({ available, capacity }: BucketView): number {
  return Math.min(1, Math.max(0, 1 - available / capacity))
}

function colourOf(bucket: BucketView): 'green' | 'yellow' | 'red' {
  const used = usedOf(bucket)
  if (used >= 1) return 'red'
  return used >= 0.8 ? 'yellow' : 'green'
}
