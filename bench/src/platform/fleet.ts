// Many runs at once, with the platform and without.

import { defineAgent, type Agent } from '@meepo/core'
import type { Platform } from './platform.ts'
import { bareAgent } from './bare-agent.ts'
import { addTool, fakeModel, type FakeModelOptions } from './fake-model.ts'

/** The same agent twice. */
export interface Fleet {
  readonly turns: number
  /** One run on the platform; rejects unless it succeeds with the expected count of turns. */
  run(platform: Platform): Promise<void>
  /** The same by the bare loop. */
  runBare(): Promise<void>
}

/** Makes an agent with a fake model and one tool. */
export function createFleet(options: FakeModelOptions & { readonly toolMs?: number }): Fleet {
  const model = fakeModel(options)
  const add = addTool(options.toolMs)
  const agent: Agent<string, string> = defineAgent({ name: 'adder', instructions: 'Add numbers.', model, tools: [add] })
  return {
    turns: options.turns,
    run: async ({ engine }) => {
      const { success, iterations, error } = await (await engine.start(agent, 'go')).result()
      if (!success || iterations !== options.turns) throw new Error(`${iterations} turns: ${JSON.stringify(error)}`)
    },
    runBare: async () => {
      await bareAgent(model, add)
    },
  }
}
