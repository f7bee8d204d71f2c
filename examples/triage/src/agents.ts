import { defineAgent } from 'meepo'
import type { Agent } from 'meepo'
import { modelAlias } from 'meepo-example-kit'

import { incidentSchema } from './incident.ts'
import type { Incident } from './incident.ts'
import { alertSchema } from './load-case.ts'
import type { Alert, Case } from './load-case.ts'
import type { World } from './remediations.ts'
import { lookingTools, remediationTool } from './tools.ts'

const reportRules = `Answer with one JSON object:
{"alertId", "category", "cause", "evidence": [{"service", "line", "quote"}], "remediation"}
"quote" is the line of the log word for word. "remediation" is {"status": "done", "action", "target", "receipt"},
{"status": "denied", "action", "target"} when the person said no, or {"status": "none"}. Claim nothing that no log shows.`

/** What each specialist is for, and what it may do. */
const specialists = {
  database: {
    matter: 'locks, connections and replicas of databases',
    actions: ['kill_blocking_query', 'raise_connection_pool', 'resync_replica'],
  },
  network: {
    matter: 'names, routes, connections and certificates',
    actions: ['flush_dns_cache', 'reroute_traffic', 'renew_certificate'],
  },
  application: {
    matter: 'mistakes in code and lack of memory',
    actions: ['rollback_release', 'restart_service'],
  },
} as const

/** The agent that looks at an alert first. It hands the conversation to one of three specialists, who end the incident. */
export function triageAgent(night: Case, world: World): Agent<Alert, Incident> {
  const looking = lookingTools(night)
  const handoffs = Object.entries(specialists).map(([category, { matter, actions }]) =>
    defineAgent({
      name: `${category}-specialist`,
      description: `Knows ${matter}.`,
      instructions: `Role: ${category}-specialist

You know ${matter}. Find what caused the alert: read the logs of the service and of what it depends on, around the time of the
alert. Choose the one remediation that ends it, run it on the service whose log shows the cause, and report.
Actions: ${actions.join(', ')}. The category is "${category}".

${reportRules}`,
      model: modelAlias,
      tools: [...looking, remediationTool(world, actions)],
    }),
  )
  return defineAgent({
    name: 'triage',
    version: night.fingerprint.slice(0, 12),
    description: 'Decides who looks after an alert.',
    instructions: `Role: triage

An alert has come; the task is a JSON object that describes it. Read the log of its service around its time, decide whether it is a
matter of the database, the network or the application, and hand the conversation to that specialist. When the log shows nothing that
is wrong, hand it to nobody: report the category "unknown" without remediation.

${reportRules}`,
    model: modelAlias,
    tools: looking,
    handoffs,
    input: alertSchema,
    output: incidentSchema,
    maxTurns: 16,
  })
}
