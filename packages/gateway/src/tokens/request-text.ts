import type { Message, ModelRequest } from '@meepo/core'
import { textWeight } from './text-weight.ts'

/** How long a request is. */
export interface RequestSize {
  /** {@link textWeight} of all text that reaches the model. */
  readonly weight: number
  /** What wire formats add: messages, tool calls and tools. */
  readonly pieces: number
}

/** Measures what a request says. */
export function requestSize({ messages, tools, outputSchema }: ModelRequest): RequestSize {
  let weight = outputSchema ? keptWeight(outputSchema) : 0
  let pieces = 0
  for (const message of messages) {
    weight += weightOf(message)
    pieces += 1 + (message.role === 'assistant' ? (message.toolCalls?.length ?? 0) : 0)
  }
  return tools ? { weight: weight + keptWeight(tools), pieces: pieces + tools.length } : { weight, pieces }
}

/** What is shorter is weighed anew: remembering it takes longer. */
const longText = 500
/** Messages, tools and schemas never change, and each is a part of many requests. */
const weights = new WeakMap<object, number>()

function weightOf(message: Message): number {
  const known = weights.get(message)
  if (known !== undefined) return known
  const text = messageText(message)
  const weight = textWeight(text)
  if (text.length > longText) weights.set(message, weight)
  return weight
}

/** Of tools and schemas, which are the same for all calls of an agent. */
function keptWeight(part: object): number {
  const known = weights.get(part)
  if (known !== undefined) return known
  const weight = textWeight(JSON.stringify(part))
  weights.set(part, weight)
  return weight
}

/** All text of a request, to count its tokens exactly. */
export function requestText({ messages, tools = [], outputSchema }: ModelRequest): string {
  const parts = messages.map(messageText)
  if (tools.length > 0) parts.push(JSON.stringify(tools))
  if (outputSchema) parts.push(JSON.stringify(outputSchema))
  return parts.join('\n')
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
