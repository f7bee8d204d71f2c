import type {
  JSONValue,
  LanguageModelV4Prompt,
  LanguageModelV4ToolResultPart,
  SharedV4ProviderOptions,
} from '@ai-sdk/provider'
import type { Json, Message } from '@meepo/core'

import { readCarry } from './carry.ts'
import type { Target } from './target.ts'

type AssistantMessage = Extract<Message, { role: 'assistant' }>
type PromptMessage = LanguageModelV4Prompt[number]
type AssistantPart = Extract<PromptMessage, { role: 'assistant' }>['content'][number]

/** Our conversation in the adapters' shape. */
export function toPrompt(messages: readonly Message[], target: Target): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Prompt = []
  let results: LanguageModelV4ToolResultPart[] | undefined
  for (const message of messages) {
    if (message.role === 'tool') {
      // Gemini wants the results of parallel calls in one message; the others do not mind.
      if (!results) prompt.push({ role: 'tool', content: (results = []) })
      results.push(toResult(message))
      continue
    }
    results = undefined
    prompt.push(toMessage(message, target))
  }
  return prompt
}

function toMessage(message: Exclude<Message, { role: 'tool' }>, target: Target): PromptMessage {
  switch (message.role) {
    case 'system':
      return { role: 'system', content: message.text }
    case 'user':
      return { role: 'user', content: [{ type: 'text', text: message.text }] }
    case 'assistant':
      return { role: 'assistant', content: toParts(message, target) }
  }
}

function toParts(message: AssistantMessage, target: Target): AssistantPart[] {
  const carry = readCarry(message.carry, target)
  const parts: AssistantPart[] = []
  for (const { text, metadata } of carry.reasoning) {
    parts.push({ type: 'reasoning', text, providerOptions: toOptions(metadata) })
  }
  // Some compatible servers want the plain reasoning back; the others refuse reasoning that they did not sign.
  if (carry.reasoning.length === 0 && target.kind === 'openai-compatible' && message.reasoning) {
    parts.push({ type: 'reasoning', text: message.reasoning })
  }
  if (message.text !== '') parts.push({ type: 'text', text: message.text })
  for (const { id, name, arguments: given } of message.toolCalls ?? []) {
    const metadata = carry.calls[id]
    parts.push({
      type: 'tool-call',
      toolCallId: id,
      toolName: name,
      // Only an object is legal everywhere; what the model wrote instead is shown to it inside one.
      input: isObject(given) ? given : { invalid: given },
      ...(metadata === undefined ? {} : { providerOptions: toOptions(metadata) }),
    })
  }
  return parts
}

function toResult({
  callId,
  tool,
  result,
  isError,
}: Extract<Message, { role: 'tool' }>): LanguageModelV4ToolResultPart {
  // The adapters only read; their types do not say so.
  const value = result as JSONValue
  const output: LanguageModelV4ToolResultPart['output'] =
    typeof value === 'string'
      ? { type: isError ? 'error-text' : 'text', value }
      : { type: isError ? 'error-json' : 'json', value }
  return { type: 'tool-result', toolCallId: callId, toolName: tool, output }
}

function toOptions(metadata: Json): SharedV4ProviderOptions {
  // Written by carry.ts from the adapter's own metadata, which has this shape.
  return metadata as SharedV4ProviderOptions
}

function isObject(value: Json): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
