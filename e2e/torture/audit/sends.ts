import type { Evidence } from './audit.ts'
import type { Violation } from './violation.ts'

const rule = 'a node that is up takes what is sent'

/** Clients of a node hear of no trouble while that node is up, whatever becomes of the others. */
export function auditSends({ lines, nodes }: Evidence): readonly Violation[] {
  const found: Violation[] = []
  for (const line of lines) {
    if (line.kind !== 'unsent') continue
    const outages = nodes[line.node]
    if (outages?.covers(line.at) === true || outages?.covers(line.calledAt) === true) continue
    const text = `worker ${line.worker} could not send ${line.runId} through node ${line.node} after ${line.at - line.calledAt} ms: ${line.code}`
    found.push({ rule, text })
  }
  return found
}
