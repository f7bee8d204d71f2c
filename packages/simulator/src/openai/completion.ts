import { hash } from 'node:crypto'

import { clipText } from '../chunks.ts'
import type { FinishReason, SimulatorAnswer } from '../script.ts'
import { CHARS_PER_TOKEN, countTokens, tokensOfChars } from '../tokens.ts'
import type { ChatBody, ChatToolCall } from './chat-request.ts'
import { isGiven } from '../value.ts'

/** A finished answer: clamped to the request's limit, with ids, reason and counts. */
export interface Completion {
  readonly text: string | undefined
  readonly calls: readonly ChatToolCall[]
  readonly finishReason: FinishReason
  readonly usage: CompletionUsage
}

/** Every bucket, whether counted here or given by the script. */
export interface CompletionUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cachedInputTokens: number
  readonly reasoningTokens: number
}

/**
 * Turns a script's answer into what the vendor would send for this request.
 *
 * Tokens: the input is the text of all messages, the names and arguments of their tool calls, and name, description and
 * JSON schema of every tool, all characters together over four, rounded up. The output is the text over four plus, for
 * each tool call, its name and arguments over four, each rounded up. `max_completion_tokens` (or `max_tokens`) clips the
 * text, then the arguments of tool calls, and drops calls whose name does not fit.
 *
 * @param rawBody the request as text: ids of tool calls are derived from it.
 */
export function completeAnswer(body: ChatBody, rawBody: string, answer: SimulatorAnswer): Completion {
  const limit = body.max_completion_tokens ?? body.max_tokens ?? Number.POSITIVE_INFINITY
  const text = answer.text === undefined ? undefined : clipText(answer.text, limit * CHARS_PER_TOKEN)
  let isClipped = text !== answer.text
  let outputTokens = text === undefined ? 0 : countTokens(text)
  const wanted = answer.toolCalls ?? []
  const calls: ChatToolCall[] = []
  const idPrefix = wanted.length > 0 ? `call_${hash('sha1', rawBody).slice(0, 16)}` : ''
  for (const [index, call] of wanted.entries()) {
    const whole = typeof call.arguments === 'string' ? call.arguments : JSON.stringify(call.arguments)
    const room = (limit - outputTokens) * CHARS_PER_TOKEN - call.name.length
    if (room < 0) {
      isClipped = true
      break
    }
    const kept = clipText(whole, room)
    if (kept !== whole) isClipped = true
    outputTokens += tokensOfChars(call.name.length + kept.length)
    calls.push({
      id: call.id ?? `${idPrefix}_${index}`,
      type: 'function',
      function: { name: call.name, arguments: kept },
    })
  }
  const computed: FinishReason = isClipped ? 'length' : calls.length > 0 ? 'tool_calls' : 'stop'
  return {
    text,
    calls,
    finishReason: answer.finishReason ?? computed,
    usage: {
      inputTokens: answer.usage?.inputTokens ?? countInput(body),
      outputTokens: answer.usage?.outputTokens ?? outputTokens,
      cachedInputTokens: answer.usage?.cachedInputTokens ?? 0,
      reasoningTokens: answer.usage?.reasoningTokens ?? 0,
    },
  }
}

function countInput(body: ChatBody): number {
  let chars = 0
  for (const { content, tool_calls: calls } of body.messages) {
    if (typeof content === 'string') chars += content.length
    else if (isGiven(content)) for (const part of content) chars += part.text?.length ?? 0
    if (isGiven(calls)) {
      for (const call of calls) chars += call.function.name.length + call.function.arguments.length
    }
  }
  for (const { function: tool } of body.tools ?? []) {
    chars += tool.name.length + (tool.description?.length ?? 0)
    if (isGiven(tool.parameters)) chars += JSON.stringify(tool.parameters).length
  }
  return tokensOfChars(chars)
}
