import { splitText } from '../chunks.ts'
import type { Completion, CompletionUsage } from '../openai/completion.ts'
import { writtenTokens } from '../openai/render.ts'
import type { FinishReason } from '../script.ts'
import { parsedOr } from '../value.ts'
import { namedEvent } from '../wire/sse.ts'
import type { AnswerHead, Chunk, RenderedStream, Wire } from '../wire/wire.ts'
import { readMessages } from './request.ts'
import { anthropic } from './vendor.ts'

/** `POST /v1/messages`. */
export const anthropicMessages: Wire = {
  route: 'anthropic.messages',
  vendor: anthropic,
  generates: true,
  isFree: false,
  idPrefix: 'msg_',
  read: readMessages,
  usage: renderUsage,
  render: renderMessage,
  stream: renderStream,
}

const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool_calls: 'tool_use',
  content_filter: 'refusal',
}

/** Here the counts add up: what was read from or written to a cache is not part of `input_tokens`. */
function renderUsage(usage: CompletionUsage, tier: string | undefined): object {
  return {
    input_tokens: usage.inputTokens - usage.cachedInputTokens - writtenTokens(usage),
    cache_creation_input_tokens: writtenTokens(usage),
    cache_read_input_tokens: usage.cachedInputTokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    output_tokens: usage.outputTokens,
    ...(usage.reasoningTokens > 0 && { output_tokens_details: { thinking_tokens: usage.reasoningTokens } }),
    service_tier: tier ?? 'standard',
  }
}

function messageOf(
  head: AnswerHead,
  content: readonly object[],
  stopReason: string | null,
  usage: object | undefined,
): object {
  return {
    id: head.id,
    type: 'message',
    role: 'assistant',
    model: head.model,
    content,
    stop_reason: stopReason,
    stop_sequence: null,
    ...(usage !== undefined && { usage }),
  }
}

function renderMessage(head: AnswerHead, completion: Completion): string {
  const { text, reasoning, calls, finishReason } = completion
  const content = [
    ...(reasoning === undefined ? [] : [{ type: 'thinking', thinking: reasoning, signature: SIGNATURE }]),
    ...(text === undefined ? [] : [{ type: 'text', text }]),
    ...calls.map(({ id, function: called }) => ({
      type: 'tool_use',
      id,
      name: called.name,
      input: parsedOr(called.arguments),
    })),
  ]
  return JSON.stringify(messageOf(head, content, STOP_REASONS[finishReason], head.usage))
}

const SIGNATURE = 'c2lnbmF0dXJl'

/** The input is told when the stream begins, also when the usage at its end is withheld. */
function renderStream(head: AnswerHead, completion: Completion, chunkSize: number): RenderedStream {
  const { text, reasoning, calls, finishReason } = completion
  const counted = head.usage ?? renderUsage(completion.usage, head.serviceTier)
  const begun = { ...counted, output_tokens: Math.min(1, completion.usage.outputTokens) }
  const start = { type: 'message_start', message: messageOf(head, [], null, begun) }
  const opening = namedEvent(start) + namedEvent({ type: 'ping' })

  const chunks: Chunk[] = []
  let index = 0
  let lead = ''
  const block = (opened: object, deltas: readonly { readonly delta: object; readonly chars: number }[]): void => {
    lead += event('content_block_start', { index, content_block: opened })
    for (const { delta, chars } of deltas) {
      chunks.push({ wire: lead + event('content_block_delta', { index, delta }), chars })
      lead = ''
    }
    lead += event('content_block_stop', { index })
    index += 1
  }
  const pieces = (whole: string, first = 0): { text: string; chars: number }[] =>
    splitText(whole, chunkSize).map((piece, at) => ({ text: piece, chars: piece.length + (at === 0 ? first : 0) }))

  if (reasoning !== undefined) {
    const thoughts = pieces(reasoning).map((piece) => ({
      delta: { type: 'thinking_delta', thinking: piece.text },
      chars: piece.chars,
    }))
    const signed = { delta: { type: 'signature_delta', signature: SIGNATURE }, chars: 0 }
    block({ type: 'thinking', thinking: '', signature: '' }, [...thoughts, signed])
  }
  if (text !== undefined) {
    const deltas = pieces(text).map((piece) => ({
      delta: { type: 'text_delta', text: piece.text },
      chars: piece.chars,
    }))
    block({ type: 'text', text: '' }, deltas)
  }
  for (const { id, function: called } of calls) {
    const deltas = pieces(called.arguments, called.name.length).map((piece) => ({
      delta: { type: 'input_json_delta', partial_json: piece.text },
      chars: piece.chars,
    }))
    block({ type: 'tool_use', id, name: called.name, input: {} }, deltas)
  }
  const delta = { stop_reason: STOP_REASONS[finishReason], stop_sequence: null }
  const usage = head.usage === undefined ? {} : { usage: head.usage }
  return { opening, chunks, tail: lead + event('message_delta', { delta, ...usage }), done: event('message_stop', {}) }
}

function event(type: string, facts: object): string {
  return namedEvent({ type, ...facts })
}
