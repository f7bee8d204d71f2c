import { defineGraph, task } from 'meepo'
import type { Definition, TaskView } from 'meepo'
import { z } from 'zod'

import { triageAgent } from './agents.ts'
import type { Incident } from './incident.ts'
import { alertSchema } from './load-case.ts'
import type { Alert, Case } from './load-case.ts'
import type { World } from './remediations.ts'

/** An alert with what became of it. Without an incident its agent failed. */
export interface Handled {
  readonly alert: Alert
  readonly incident: Incident | null
  /** What the agent claims and the logs do not show. */
  readonly unproven: Incident['evidence']
}

/** What a night of alerts is. */
export interface Night {
  readonly alerts: readonly Alert[]
}

/** Every alert has an agent of its own, all at the same time; what they claim is compared with the logs at the end. */
export function triageGraph(night: Case, world: World): Definition<Night, readonly Handled[]> {
  const incidents = task({
    forEach: ({ input }: TaskView<unknown, Night>) => input.alerts,
    concurrency: 8,
    // The others are not to wait for one whose agent failed.
    optionalItems: true,
    run: triageAgent(night, world),
  })
  const checked = task({
    needs: ['incidents'],
    input: (done: { readonly incidents: readonly (Incident | null)[] }, { alerts }: Night) => ({ ...done, alerts }),
    run: async ({ incidents: found, alerts }) => alerts.map((alert, at) => handled(night, alert, found[at] ?? null)),
  })
  return defineGraph({
    name: 'night-of-alerts',
    version: night.fingerprint.slice(0, 12),
    input: z.object({ alerts: z.array(alertSchema) }),
    tasks: { incidents, checked },
    output: (done) => done.checked,
  })
}

function handled({ logs }: Case, alert: Alert, incident: Incident | null): Handled {
  if (incident === null) return { alert, incident, unproven: [] }
  const isProven = ({ service, line, quote }: Incident['evidence'][number]): boolean =>
    logs
      .get(service)
      ?.find((one) => one.line === line)
      ?.text.trim() === quote.trim()
  const evidence = incident.evidence.filter(isProven)
  const unproven = incident.evidence.filter((one) => !evidence.includes(one))
  return { alert, incident: { ...incident, evidence }, unproven }
}
