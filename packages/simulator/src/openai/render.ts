import { splitText } from '../chunks.ts'
import type { AnswerHead, Chunk, RenderedStream } from '../wire/wire.ts'
import type { Completion, CompletionUsage } from './completion.ts'

/** The last line of a complete stream. */
const DONE = 'data: [DONE]\n\n'

/** The answer as one JSON text. */
export function renderCompletion(head: AnswerHead, completion: Completion): string {
  return JSON.stringify({
    id: head.id,
    object: 'chat.completion',
    created: head.created,
    model: head.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: completion.text ?? null,
          ...(completion.reasoning !== undefined && { reasoning_content: completion.reasoning }),
          ...(completion.calls.length > 0 && { tool_calls: completion.calls }),
        },
        finish_reason: completion.finishReason,
      },
    ],
    ...(head.usage !== undefined && { usage: head.usage }),
    ...(head.serviceTier !== undefined && { service_tier: head.serviceTier }),
  })
}

/**
 * The answer as server-sent events. Reasoning and text first, then the tool calls one after the other, each opened by an
 * event with its id and name and followed by fragments of its arguments. Events that carry no output of their own (the
 * role, the opening of a call) share a chunk with the first piece that follows, so that chunks count pieces of output.
 */
export function renderStream(
  head: AnswerHead,
  completion: Completion,
  chunkSize: number,
  includeUsage: boolean,
): RenderedStream {
  const tier = head.serviceTier === undefined ? '' : `"service_tier":${JSON.stringify(head.serviceTier)},`
  const start =
    `data: {"id":${JSON.stringify(head.id)},"object":"chat.completion.chunk","created":${head.created},` +
    `"model":${JSON.stringify(head.model)},${tier}"choices":[`
  const end = includeUsage ? '],"usage":null}\n\n' : ']}\n\n'
  const event = (delta: object, finish: string | null = null): string =>
    `${start}{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":${JSON.stringify(finish)}}${end}`

  const chunks: Chunk[] = []
  let lead = event({ role: 'assistant', content: completion.text === undefined ? null : '' })
  const push = (delta: object, chars: number): void => {
    chunks.push({ wire: lead + event(delta), chars })
    lead = ''
  }
  for (const piece of splitText(completion.reasoning ?? '', chunkSize)) push({ reasoning_content: piece }, piece.length)
  for (const piece of splitText(completion.text ?? '', chunkSize)) push({ content: piece }, piece.length)
  for (const [index, { id, type, function: called }] of completion.calls.entries()) {
    lead += event({ tool_calls: [{ index, id, type, function: { name: called.name, arguments: '' } }] })
    const [first = '', ...rest] = splitText(called.arguments, chunkSize)
    const fragment = (text: string): object => ({ tool_calls: [{ index, function: { arguments: text } }] })
    push(fragment(first), called.name.length + first.length)
    for (const piece of rest) push(fragment(piece), piece.length)
  }
  if (lead !== '') chunks.push({ wire: lead, chars: 0 })
  const hasUsage = includeUsage && head.usage !== undefined
  const usage = hasUsage ? `${start}],"usage":${JSON.stringify(head.usage)}}\n\n` : ''
  return { opening: '', chunks, tail: event({}, completion.finishReason) + usage, done: DONE }
}

/** The vendor's usage object; what was not used for caching is left out. */
export function renderUsage(usage: CompletionUsage): object {
  const written = writtenTokens(usage)
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      ...(written > 0 && { cache_write_tokens: written }),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  }
}

/** All tokens written to a cache. */
export function writtenTokens(usage: CompletionUsage): number {
  return usage.cacheWriteTokens + usage.cacheWrite30mTokens + usage.cacheWrite1hTokens + usage.cacheWrite12hTokens
}
