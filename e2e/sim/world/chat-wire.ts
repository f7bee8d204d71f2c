import { z } from 'zod'

/** What the provider reads of a request. */
export const chatRequest = z.object({
  model: z.string(),
  messages: z.array(z.object({ role: z.string() })),
  tools: z.array(z.object({ function: z.object({ name: z.string() }) })).optional(),
  stream: z.boolean().optional(),
  max_tokens: z.number().optional(),
  max_completion_tokens: z.number().optional(),
})
export type ChatRequest = z.infer<typeof chatRequest>

/** What a model says. */
export interface ChatAnswer {
  readonly text: string
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  readonly inputTokens: number
  readonly outputTokens: number
}

const common = { created: 0, object: 'chat.completion' } as const

/** A whole answer as JSON. */
export function wholeAnswer(id: string, model: string, answer: ChatAnswer): string {
  const message = { role: 'assistant', content: answer.text, ...callsOf(answer) }
  const choices = [{ index: 0, message, finish_reason: finishOf(answer) }]
  return JSON.stringify({ ...common, id, model, choices, usage: usageOf(answer) })
}

/** The same as pieces of an event stream. */
export function answerPieces(id: string, model: string, answer: ChatAnswer): readonly string[] {
  const piece = (delta: object, rest: object = {}): string =>
    event({ ...common, id, model, choices: [{ index: 0, delta, finish_reason: null, ...rest }] })
  const words = answer.text.match(/\S+\s*/g) ?? []
  const calls = answer.toolCalls.map(({ id: callId, name, arguments: text }, index) =>
    piece({ tool_calls: [{ index, id: callId, type: 'function', function: { name, arguments: text } }] }),
  )
  return [
    piece({ role: 'assistant', content: '' }),
    ...words.map((content) => piece({ content })),
    ...calls,
    piece({}, { finish_reason: finishOf(answer) }),
    event({ ...common, id, model, choices: [], usage: usageOf(answer) }),
    'data: [DONE]\n\n',
  ]
}

export function errorBody(status: number): string {
  const code = { 429: 'rate_limit_exceeded', 529: 'overloaded_error' }[status] ?? 'server_error'
  return JSON.stringify({ error: { message: `refused with ${status}`, type: code, code } })
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

function callsOf({ toolCalls }: ChatAnswer): object {
  if (toolCalls.length === 0) return {}
  return {
    tool_calls: toolCalls.map(({ id, name, arguments: text }) => ({
      id,
      type: 'function',
      function: { name, arguments: text },
    })),
  }
}

function finishOf({ toolCalls }: ChatAnswer): string {
  return toolCalls.length > 0 ? 'tool_calls' : 'stop'
}

function usageOf({ inputTokens, outputTokens }: ChatAnswer): object {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens }
}
