// A planner with tools that note their calls, on a stage that plays its model.

import * as z from 'zod'
import {
  defineAgent,
  definePlanner,
  defineTool,
  noRetry,
  type Json,
  type Planner,
  type PlannerOptions,
  type Tool,
} from '../src/index.ts'
import { openPlanStage, type PlanScript, type PlanStage } from './plan-stage.ts'

/** Tools that note their calls; `broken` makes a tool fail, by name and call. */
export function toolsOf(
  calls: string[],
  broken: (tool: string, call: number) => Error | undefined = () => undefined,
): Tool[] {
  const make = (name: string, effect: 'read' | 'once' = 'read'): Tool =>
    defineTool({
      name,
      description: `Does ${name}.`,
      effect,
      retry: noRetry,
      input: z.object({ text: z.string() }),
      run: ({ text }) => {
        calls.push(`${name} ${text}`)
        const failure = broken(name, calls.filter((call) => call.startsWith(`${name} `)).length)
        if (failure) throw failure
        return { text: `${name} of ${text}` }
      },
    }) as Tool
  return [make('search'), make('look_up'), make('write'), make('mail', 'once')]
}

/** The text that a task gives, as plans refer to it. */
export const result = (id: string): Json => ({ $result: id, path: 'text' })

/** What a test plays with. */
export interface Played {
  readonly stage: PlanStage
  readonly planner: Planner
  readonly calls: string[]
}

/** Opens a stage with a planner called author. */
export async function play(
  script: PlanScript,
  options: Partial<PlannerOptions> = {},
  broken?: (tool: string, call: number) => Error | undefined,
): Promise<Played> {
  const calls: string[] = []
  const stage = await openPlanStage(script)
  const reviewer = defineAgent({ name: 'reviewer', description: 'Reviews.', instructions: 'Review.', model: 'sim:m' })
  const planner = definePlanner({
    name: 'author',
    model: 'sim:m',
    tools: toolsOf(calls, broken),
    agents: [reviewer],
    ...options,
  })
  return { stage, planner, calls }
}

/** One task that fails, and one that needs it. */
export const brittle: Json = {
  tasks: [
    { id: 'find', tool: 'search', input: { text: 'tides' } },
    { id: 'draft', tool: 'write', input: { text: result('find') } },
  ],
  answer: 'draft',
}

export const failing =
  (tool: string, times = Infinity) =>
  (name: string, call: number) =>
    name === tool && call <= times ? new Error('it is down') : undefined
