import { defineAgent, defineTool } from 'meepo'
import type { Agent, Tool } from 'meepo'
import type { z } from 'zod'

import type { Company } from '../data/company.ts'
import type { ErpTool } from '../tools/tool.ts'
import type { Watch } from './watch.ts'

/** The model of all agents: an alias, so that the workflows do not know what stands behind it. */
export const modelAlias = 'erp'

/** A role as the agents of jobs and the reporter have in common. */
interface Role<I, O> {
  readonly name: string
  readonly instructions: string
  readonly toolNames: readonly string[]
  readonly input: z.ZodType<I>
  readonly output: z.ZodType<O>
}

/**
 * Hundreds of agents ask at once: a provider that is asked too much gets time. Six tries, waits of about 0.5 to 8 s
 * unless the provider names one.
 */
const patience = { maxAttempts: 6, initialMs: 500, factor: 2, maxMs: 20_000 }

/** Binds a business function to the company of a run. It checks its arguments and its answer itself. */
export function bindTool(tool: ErpTool, company: Company, watch: Watch): Tool {
  const { name, description, effect, input } = tool
  return defineTool({
    name,
    description,
    effect,
    input,
    run: (args, { idempotencyKey }) => watch.around({ key: idempotencyKey, name, args }, () => tool.run(company, args)),
  })
}

/** Makes an agent of a role, with those of the tools that the role names. */
export function bindRole<I, O>(
  role: Role<I, O>,
  version: string,
  tools: ReadonlyMap<string, Tool>,
  watch: Watch,
): Agent<I, O> {
  const { name, instructions, input, output } = role
  return defineAgent({
    name,
    version,
    instructions,
    model: modelAlias,
    tools: role.toolNames.map((toolName) => {
      const tool = tools.get(toolName)
      if (tool === undefined) throw new Error(`the role ${name} names a tool that does not exist: ${toolName}`)
      return tool
    }),
    input,
    output,
    prompt: (task) => {
      watch.at('child')
      return JSON.stringify(task)
    },
    maxTurns: 12,
    retry: patience,
  })
}
