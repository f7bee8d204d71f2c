import type { Incident } from './incident.ts'
import type { Handled } from './triage-graph.ts'

/** The incidents for people. */
export function reportMarkdown(all: readonly Handled[]): string {
  return ['# Incidents', ...all.flatMap(section), ''].join('\n')
}

function section({ alert, incident, unproven }: Handled): string[] {
  const { id, service, title, at } = alert
  const head = ['', `## ${id}: ${title}`, '', `${service}, ${at}`, '']
  if (incident === null) return [...head, 'Its agent failed: look after it yourself.']
  return [
    ...head,
    `- Category: ${incident.category}`,
    `- Cause: ${incident.cause}`,
    `- Remediation: ${remediation(incident.remediation)}`,
    ...incident.evidence.map((one) => `- Evidence: ${one.service}, line ${one.line}: \`${one.quote}\``),
    ...unproven.map((one) => `- Not in the log, and not to be believed: ${one.service}, line ${one.line}`),
  ]
}

function remediation(done: Incident['remediation']): string {
  switch (done.status) {
    case 'done':
      return `${done.action} on ${done.target}, receipt ${done.receipt}`
    case 'denied':
      return `${done.action} on ${done.target} was denied`
    case 'none':
      return 'none'
  }
}
