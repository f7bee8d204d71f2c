import type { Model, MeepoOptions } from 'meepo'

import type { Answer, ChatMessage, ChatRequest } from '../src/script/chat.ts'
import { script } from '../src/script/script.ts'

type Request = Parameters<Model['call']>[0]
type Message = Request['messages'][number]
type Response = Awaited<ReturnType<Model['call']>>

const noUsage = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, calls: 1 }

/**
 * The scripted model without the network between: what tests of the business part need, which run a month dozens of times. The
 * script still sees nothing but a request body.
 */
export function directModels(
  observe?: (request: ChatRequest, answer: Answer) => void,
): NonNullable<MeepoOptions['models']> {
  const model: Model = {
    id: 'direct:scripted',
    call: async ({ messages }) => {
      const request: ChatRequest = { messages: messages.map(asChat) }
      const answer = script(request)
      observe?.(request, answer)
      return asResponse(answer, messages.length)
    },
  }
  return { resolve: () => model }
}

function asChat(message: Message): ChatMessage {
  if (message.role === 'tool') {
    return { role: 'tool', tool_call_id: message.callId, content: JSON.stringify(message.result) }
  }
  if (message.role !== 'assistant' || message.toolCalls === undefined) {
    return { role: message.role, content: message.text }
  }
  const calls = message.toolCalls.map(({ id, name, arguments: args }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(args) },
  }))
  return { role: 'assistant', content: null, tool_calls: calls }
}

function asResponse({ text = '', toolCalls = [] }: Answer, turn: number): Response {
  return {
    text,
    // A script writes plain JSON; the trip through text is the one it would make over the wire.
    toolCalls: toolCalls.map(({ name, arguments: args }, at) => ({
      id: `call_${turn}_${at}`,
      name,
      arguments: JSON.parse(JSON.stringify(args)) as Response['toolCalls'][number]['arguments'],
    })),
    finish: toolCalls.length > 0 ? 'tool-calls' : 'stop',
    usage: noUsage,
    model: 'scripted',
  }
}
