import type { Evidence } from './audit/audit.ts'
import type { Crew } from './crew.ts'
import type { Pump } from './pump.ts'

/** What happened, in numbers. */
export function countFigures(evidence: Evidence, crew: Crew, pump: Pump): Record<string, number> {
  const { runs, bodies, lines, invoice, nodes } = evidence
  const all = [...runs.values()]
  const refusals = lines.filter((line) => line.kind === 'refused').length
  return {
    workers: crew.started,
    runs: all.length,
    'runs ended': all.filter((run) => run.isEnded).length,
    events: all.reduce((sum, run) => sum + run.events.length, 0),
    bodies: bodies.filter((line) => line.phase === 'begin').length,
    effects: bodies.filter((line) => line.phase === 'effect').length,
    'model calls billed': invoice.filter((entry) => entry.billed).length,
    'acknowledged appends': lines.filter((line) => line.kind === 'appended').length,
    'acknowledged deliveries': lines.filter((line) => line.kind === 'delivered').length,
    'runs taken over': lines.reduce((sum, line) => sum + (line.kind === 'took over' ? line.runs : 0), 0),
    'appends refused': refusals,
    'unknown steps': all.reduce(
      (sum, run) => sum + run.events.filter(({ event }) => event.type === 'step.unknown').length,
      0,
    ),
    ...(nodes.length === 0 ? {} : countSends(evidence, pump)),
  }
}

function countSends({ lines, nodes }: Evidence, pump: Pump): Record<string, number> {
  const sends = lines.filter((line) => line.kind === 'sent')
  const tries = {
    'drives sent': sends.length,
    'sends that failed': lines.filter(({ kind }) => kind === 'unsent').length,
  }
  if (nodes.length === 1) return tries
  const isNodeAway = (at: number): boolean => {
    const away = nodes.filter((outages) => outages.covers(at)).length
    return away > 0 && away < nodes.length
  }
  const through = sends.filter(({ at, node }) => isNodeAway(at) && nodes[node]?.covers(at) === false)
  return {
    ...tries,
    'requests served while a node was away': pump.servedAt.filter(isNodeAway).length,
    'drives sent through the others meanwhile': through.length,
    'ms the longest of these': through.reduce((most, { at, calledAt }) => Math.max(most, at - calledAt), 0),
  }
}
