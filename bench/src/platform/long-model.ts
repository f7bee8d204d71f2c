// A model that never has enough: it asks for one result after the other, counts the tokens of what it is sent as a
// provider would, and sums up when it is asked to.

import { defineTool, noUsage, type Message, type Model, type Tool } from '@meepo/core'
import { z } from 'zod'

/** How long a conversation is to become. */
export interface LongModelOptions {
  readonly turns: number
  readonly contextTokens: number
  /** Called when the model is asked for a turn, from 0. */
  readonly onTurn: (turn: number, tokens: number) => void
}

/** Makes one. */
export function longModel({ turns, contextTokens, onTurn }: LongModelOptions): Model {
  let turn = 0
  return {
    id: 'long:model',
    call: ({ messages, tools }) => {
      const input = Math.ceil(messages.reduce((sum, message) => sum + lengthOf(message), 0) / 3)
      const answer = { usage: { ...noUsage, input, output: 20, calls: 1 }, model: 'model', contextTokens }
      if (!tools) return Promise.resolve({ ...answer, text: 'In short.', toolCalls: [], finish: 'stop' })
      onTurn(turn, input)
      if (turn === turns) return Promise.resolve({ ...answer, text: 'done', toolCalls: [], finish: 'stop' })
      const call = { id: `call-${turn}`, name: 'read', arguments: { page: turn } }
      turn++
      return Promise.resolve({ ...answer, text: '', toolCalls: [call], finish: 'tool-calls' })
    },
  }
}

function lengthOf(message: Message): number {
  if (message.role === 'tool') return typeof message.result === 'string' ? message.result.length : 0
  return message.text.length + (message.role === 'assistant' ? 40 : 0)
}

/** A tool whose results are 2 KB, each of them another one. */
export function pageTool(): Tool<{ page: number }, string> {
  const text = 'All work and no play makes Jack a dull boy. '.repeat(50).slice(0, 2_040)
  return defineTool({
    name: 'read',
    description: 'Reads a page.',
    input: z.object({ page: z.number() }),
    effect: 'read',
    run: ({ page }) => `${String(page).padStart(8, '0')}${text}`,
  })
}
