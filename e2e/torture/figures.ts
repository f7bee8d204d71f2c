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
  // Of one node, not of all of them at once.
  const isNodeAway = (at: number): boolean => nodes.length > 1 && nodes.some((outages) => outages.covers(at))
  return {
    'drives sent': sends.length,
    'drives that had to be sent again': lines.filter((line) => line.kind === 'unsent').length,
    'sent through other nodes while one was away': sends.filter(
      ({ at, node }) => isNodeAway(at) && nodes[node]?.covers(at) === false,
    ).length,
    'requests served while a node was away': pump.servedAt.filter(isNodeAway).length,
    'milliseconds, the longest send': Math.max(0, ...sends.map(({ at, calledAt }) => at - calledAt)),
  }
}
