import type { Message, ModelRequest, ToolSpec } from '@meepo/core'

/** How long a request is. */
export interface RequestSize {
  /** UTF-16 units of all text that reaches the model. */
  readonly chars: number
  /** What wire formats add: messages, tool calls and tools. */
  readonly pieces: number
}

const toolSizes = new WeakMap<readonly ToolSpec[], RequestSize>()

/** Measures what a request says. Tools of an agent are measured once. */
export function requestSize({ messages, tools, outputSchema }: ModelRequest): RequestSize {
  let chars = outputSchema ? JSON.stringify(outputSchema).length : 0
  let pieces = 0
  for (const message of messages) {
    chars += messageChars(message)
    pieces += 1 + (message.role === 'assistant' ? (message.toolCalls?.length ?? 0) : 0)
  }
  if (!tools) return { chars, pieces }
  const known = toolSizes.get(tools) ?? { chars: JSON.stringify(tools).length, pieces: tools.length }
  toolSizes.set(tools, known)
  return { chars: chars + known.chars, pieces: pieces + known.pieces }
}

/** All text of a request, to count its tokens exactly. */
export function requestText({ messages, tools = [], outputSchema }: ModelRequest): string {
  const parts = messages.map(messageText)
  if (tools.length > 0) parts.push(JSON.stringify(tools))
  if (outputSchema) parts.push(JSON.stringify(outputSchema))
  return parts.join('\n')
}

function messageChars(message: Message): number {
  if (message.role === 'tool') return resultText(message.result).length
  if (message.role !== 'assistant') return message.text.length
  const { text, toolCalls = [], reasoning = '' } = message
  return toolCalls.reduce(
    (total, call) => total + call.name.length + JSON.stringify(call.arguments).length,
    text.length + reasoning.length,
  )
}

function messageText(message: Message): string {
  if (message.role === 'tool') return resultText(message.result)
  if (message.role !== 'assistant') return message.text
  const calls = (message.toolCalls ?? []).map((call) => `${call.name} ${JSON.stringify(call.arguments)}`)
  return [message.text, message.reasoning ?? '', ...calls].join('\n')
}

function resultText(result: unknown): string {
  return typeof result === 'string' ? result : JSON.stringify(result)
}
