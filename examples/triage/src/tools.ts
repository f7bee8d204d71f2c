import { defineTool } from 'meepo'
import type { Tool } from 'meepo'
import { z } from 'zod'

import type { Case } from './load-case.ts'
import type { World } from './remediations.ts'

const minute = 60_000

/** Looks at what is there. */
export function lookingTools({ logs, dependsOn }: Case): readonly Tool[] {
  return [
    defineTool({
      name: 'read_logs',
      description: 'The lines of the log of a service from half an hour before a time until five minutes after it.',
      effect: 'read',
      input: z.object({ service: z.string(), around: z.iso.datetime() }),
      run: ({ service, around }) => {
        const at = Date.parse(around)
        const isNear = (time: number): boolean => time >= at - 30 * minute && time <= at + 5 * minute
        const lines = (logs.get(service) ?? []).filter((line) => isNear(Date.parse(line.at)))
        return { service, lines: lines.map(({ line, text }) => ({ line, text })) }
      },
    }),
    defineTool({
      name: 'read_dependencies',
      description: 'The services that a service depends on.',
      effect: 'read',
      input: z.object({ service: z.string() }),
      run: ({ service }) => ({ service, dependsOn: [...(dependsOn.get(service) ?? [])] }),
    }),
  ]
}

/** Changes a service: once, and only after a person has agreed. */
export function remediationTool(world: World, actions: readonly string[]): Tool {
  return defineTool({
    name: 'run_remediation',
    description: `Changes a service to end an incident: ${actions.join(', ')}. A person is asked first and may say no.`,
    effect: 'once',
    approval: 'always',
    input: z.object({ alertId: z.string(), action: z.enum(actions), target: z.string() }),
    run: (remediation, { idempotencyKey }) => ({ receipt: world.apply(idempotencyKey, remediation) }),
    // A process that died while it did this finds out whether it was done.
    reconcile: async (key) => {
      const receipt = world.receiptOf(key)
      return receipt === undefined ? { kind: 'not_done' } : { kind: 'done', result: { receipt } }
    },
  })
}
