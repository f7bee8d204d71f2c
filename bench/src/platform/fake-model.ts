// A model in this process: it waits as long as a real one would, asks for tools until its turns are used up, and costs
// next to nothing itself.

import { setTimeout as wait } from 'node:timers/promises'
import { defineTool, noUsage, type Json, type Model, type Tool } from '@meepo/core'
import { z } from 'zod'

/** How a fake model behaves. */
export interface FakeModelOptions {
  /** Model calls of one run; the last one gives the final answer. */
  readonly turns: number
  /** How long an answer takes. 0: it is there at once. */
  readonly latencyMs: number
  /** Tool calls in each turn but the last; 1 unless said. */
  readonly toolCalls?: number
}

const usage = { ...noUsage, input: 10, output: 5, calls: 1 }

/** Makes one. It holds no state: where a conversation stands is read from its messages. */
export function fakeModel({ turns, latencyMs, toolCalls = 1 }: FakeModelOptions): Model {
  return {
    id: 'fake:model',
    call: async ({ messages }) => {
      if (latencyMs > 0) await wait(latencyMs)
      const turn = messages.reduce((count, { role }) => (role === 'assistant' ? count + 1 : count), 1)
      if (turn >= turns) return { text: 'done', toolCalls: [], finish: 'stop', usage, model: 'model' }
      return {
        text: '',
        toolCalls: Array.from({ length: toolCalls }, (_, index) => ({
          id: `call-${turn}-${index}`,
          name: 'add',
          arguments: { a: turn, b: index },
        })),
        finish: 'tool-calls',
        usage,
        model: 'model',
      }
    },
  }
}

/** A tool that adds, after a while. */
export function addTool(latencyMs = 0): Tool<{ a: number; b: number }, Json> {
  return defineTool({
    name: 'add',
    description: 'Adds two numbers.',
    input: z.object({ a: z.number(), b: z.number() }),
    effect: 'read',
    run: async ({ a, b }) => {
      if (latencyMs > 0) await wait(latencyMs)
      return { sum: a + b }
    },
  })
}
