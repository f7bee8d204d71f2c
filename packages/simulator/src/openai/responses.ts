import { splitText } from '../chunks.ts'
import { namedEvent } from '../wire/sse.ts'
import type { AnswerHead, Chunk, Problem, RenderedStream, Vendor, Wire } from '../wire/wire.ts'
import type { ChatToolCall } from './chat-request.ts'
import type { Completion, CompletionUsage } from './completion.ts'
import { problemBody } from './error-body.ts'
import { writtenTokens } from './render.ts'
import { readResponses } from './responses-request.ts'
import { openai } from './vendor.ts'

const vendor: Vendor = {
  ...openai,
  errorEvent: (problem: Problem) => {
    const { message, code, param } = problemBody(problem).error
    const told = { type: 'error', code: code ?? 'server_error', message, param, sequence_number: 0 }
    return namedEvent(told)
  },
}

/** `POST /v1/responses`. */
export const openaiResponses: Wire = {
  route: 'openai.responses',
  vendor,
  generates: true,
  isFree: false,
  idPrefix: 'resp_',
  read: readResponses,
  usage: renderUsage,
  render: (head, completion) => JSON.stringify(responseOf(head, completion, itemsOf(head, completion))),
  stream: renderStream,
}

function renderUsage(usage: CompletionUsage): object {
  const written = writtenTokens(usage)
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      ...(written > 0 && {
        cache_write_tokens: written,
        cache_write_tokens_details: {
          ttl_30m_tokens: usage.cacheWrite30mTokens,
          ttl_12h_tokens: usage.cacheWrite12hTokens,
        },
      }),
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.inputTokens + usage.outputTokens,
  }
}

type Item = { readonly id: string; readonly type: string } & Readonly<Record<string, unknown>>

function responseOf(head: AnswerHead, completion: Completion | undefined, output: readonly Item[]): object {
  const reason = completion?.finishReason
  const isCut = reason === 'length' || reason === 'content_filter'
  const cutBy = reason === 'length' ? 'max_output_tokens' : 'content_filter'
  return {
    id: head.id,
    object: 'response',
    created_at: head.created,
    status: completion === undefined ? 'in_progress' : isCut ? 'incomplete' : 'completed',
    error: null,
    incomplete_details: isCut ? { reason: cutBy } : null,
    model: head.model,
    output,
    parallel_tool_calls: true,
    ...(head.serviceTier !== undefined && { service_tier: head.serviceTier }),
    usage: completion === undefined ? null : (head.usage ?? null),
  }
}

function itemsOf(head: AnswerHead, { reasoning, text, calls }: Completion): Item[] {
  const items: Item[] = []
  if (reasoning !== undefined) items.push(reasoningItem(head, reasoning))
  if (text !== undefined) items.push(messageItem(head, text))
  for (const [index, call] of calls.entries()) items.push(callItem(head, call, index, call.function.arguments))
  return items
}

function reasoningItem(head: AnswerHead, text: string): Item {
  const summary = text === '' ? [] : [{ type: 'summary_text', text }]
  return { id: `rs_${head.id}`, type: 'reasoning', summary }
}

function messageItem(head: AnswerHead, text: string): Item {
  const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }]
  return { id: `msg_${head.id}`, type: 'message', status: 'completed', role: 'assistant', content }
}

function callItem(head: AnswerHead, call: ChatToolCall, index: number, given: string): Item {
  const { name } = call.function
  const status = 'completed'
  return { id: `fc_${head.id}_${index}`, type: 'function_call', status, call_id: call.id, name, arguments: given }
}

/** Numbered events, as this format has them. */
function renderStream(head: AnswerHead, completion: Completion, chunkSize: number): RenderedStream {
  let sequence = 0
  const event = (type: string, facts: object): string => namedEvent({ type, sequence_number: sequence++, ...facts })
  const begun = { response: responseOf(head, undefined, []) }
  const opening = event('response.created', begun) + event('response.in_progress', begun)

  const chunks: Chunk[] = []
  let lead = ''
  const push = (wire: string, chars: number): void => {
    chunks.push({ wire: lead + wire, chars })
    lead = ''
  }
  const items = itemsOf(head, completion)
  for (const [index, item] of items.entries()) {
    const at = { output_index: index }
    const within = { item_id: item.id, ...at }
    if (item.type === 'reasoning') {
      lead += event('response.output_item.added', { ...at, item: { ...item, summary: [] } })
      const summary = { ...within, summary_index: 0 }
      const part = (text: string): object => ({ ...summary, part: { type: 'summary_text', text } })
      lead += event('response.reasoning_summary_part.added', part(''))
      for (const piece of splitText(completion.reasoning ?? '', chunkSize)) {
        push(event('response.reasoning_summary_text.delta', { ...summary, delta: piece }), piece.length)
      }
      lead += event('response.reasoning_summary_part.done', part(completion.reasoning ?? ''))
    } else if (item.type === 'message') {
      lead += event('response.output_item.added', { ...at, item: { ...item, status: 'in_progress', content: [] } })
      const content = { ...within, content_index: 0 }
      lead += event('response.content_part.added', { ...content, part: { type: 'output_text', text: '' } })
      for (const piece of splitText(completion.text ?? '', chunkSize)) {
        push(event('response.output_text.delta', { ...content, delta: piece, logprobs: [] }), piece.length)
      }
      lead += event('response.output_text.done', { ...content, text: completion.text ?? '' })
    } else {
      lead += event('response.output_item.added', { ...at, item: { ...item, status: 'in_progress', arguments: '' } })
      const given = String(item['arguments'])
      for (const [piece, text] of splitText(given, chunkSize).entries()) {
        const chars = text.length + (piece === 0 ? String(item['name']).length : 0)
        push(event('response.function_call_arguments.delta', { ...within, delta: text }), chars)
      }
      lead += event('response.function_call_arguments.done', { ...within, arguments: given })
    }
    lead += event('response.output_item.done', { ...at, item })
  }
  const response = responseOf(head, completion, items)
  const isWhole = completion.finishReason === 'stop' || completion.finishReason === 'tool_calls'
  const done = event(isWhole ? 'response.completed' : 'response.incomplete', { response })
  return { opening, chunks, tail: lead, done }
}
