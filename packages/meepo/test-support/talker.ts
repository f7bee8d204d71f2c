import { defineAgent, type Agent, type AgentOptions } from '../src/index.ts'

/** Dollars for a million tokens of `sim:m`: each output token is $0.0001, and input costs nothing. */
export const price = {
  provider: 'sim',
  model: 'm',
  input: 0,
  output: 100,
  contextTokens: 100_000,
  maxOutputTokens: 1_000,
}

/** An agent that asks `sim:m` once. */
export function talker(change: Partial<AgentOptions<string, string>> = {}): Agent<string, string> {
  return defineAgent({ name: 'talker', instructions: 'Talk.', model: 'sim:m', budget: 1_000, ...change })
}
