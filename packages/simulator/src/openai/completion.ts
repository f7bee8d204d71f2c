import { hash } from 'node:crypto'

import { clipText } from '../chunks.ts'
import type { FinishReason, SimulatorAnswer } from '../script.ts'
import { CHARS_PER_TOKEN, countTokens, tokensOfChars } from '../tokens.ts'
import type { ChatBody, ChatToolCall } from './chat-request.ts'
import { isGiven } from '../value.ts'

/** A finished answer: clamped to the request's limit, with ids, reason and counts. */
export interface Completion {
  readonly text: string | undefined
  /** What the model thought before it answered; sent where the format has a place for it. */
  readonly reasoning: string | undefined
  readonly calls: readonly ChatToolCall[]
  readonly finishReason: FinishReason
  readonly usage: CompletionUsage
}

/** Every count, whether computed here or given by the script. */
export interface CompletionUsage {
  /** All input: what was read from and written to a cache is part of it. */
  readonly inputTokens: number
  /** All output, reasoning included. */
  readonly outputTokens: number
  readonly cachedInputTokens: number
  readonly reasoningTokens: number
  /** Written to a cache for the vendor's shortest time. */
  readonly cacheWriteTokens: number
  readonly cacheWrite30mTokens: number
  readonly cacheWrite1hTokens: number
  readonly cacheWrite12hTokens: number
}

/** A usage of nothing at all. */
export const NO_USAGE: CompletionUsage = {
  inputTokens: 0,
  outputTokens: 0,
  cachedInputTokens: 0,
  reasoningTokens: 0,
  cacheWriteTokens: 0,
  cacheWrite30mTokens: 0,
  cacheWrite1hTokens: 0,
  cacheWrite12hTokens: 0,
}

/**
 * Turns a script's answer into what the vendor would send for this request.
 *
 * Tokens: the input is the text of all messages, the names and arguments of their tool calls, and name, description and
 * JSON schema of every tool, all characters together over four, rounded up. The output is reasoning and text, each over
 * four, plus, for each tool call, its name and arguments over four, each rounded up. `max_completion_tokens` (or
 * `max_tokens`) clips the reasoning, the text, then the arguments of tool calls, and drops calls whose name does not fit.
 *
 * @param rawBody the request as text: ids of tool calls are derived from it.
 */
export function completeAnswer(
  body: ChatBody,
  rawBody: string,
  answer: SimulatorAnswer,
  callIdPrefix = 'call_',
): Completion {
  const limit = body.max_completion_tokens ?? body.max_tokens ?? Number.POSITIVE_INFINITY
  const reasoning = clipped(answer.reasoning, limit)
  const reasoningTokens = reasoning === undefined ? 0 : countTokens(reasoning)
  const text = clipped(answer.text, limit - reasoningTokens)
  let isClipped = text !== answer.text || reasoning !== answer.reasoning
  let outputTokens = reasoningTokens + (text === undefined ? 0 : countTokens(text))
  const wanted = answer.toolCalls ?? []
  const calls: ChatToolCall[] = []
  const idPrefix = wanted.length > 0 ? `${callIdPrefix}${hash('sha1', rawBody).slice(0, 16)}` : ''
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
    reasoning,
    calls,
    finishReason: answer.finishReason ?? computed,
    usage: {
      ...NO_USAGE,
      outputTokens,
      reasoningTokens,
      ...answer.usage,
      inputTokens: answer.usage?.inputTokens ?? countInput(body),
    },
  }
}

function clipped(text: string | undefined, limit: number): string | undefined {
  return text === undefined ? undefined : clipText(text, limit * CHARS_PER_TOKEN)
}

/** Tokens of everything a conversation says. */
export function countInput(body: ChatBody): number {
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
