import { splitText } from '../chunks.ts'
import type { Completion, CompletionUsage } from './completion.ts'

/** What every object of one answer repeats. */
export interface CompletionHead {
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
  readonly model: string
}

/** One write to the client: complete SSE events, and how many characters of generated output they carry. */
export interface Chunk {
  readonly wire: string
  readonly chars: number
}

/** The chunks of a stream with content, and what closes it. */
export interface RenderedStream {
  readonly chunks: readonly Chunk[]
  /** Finish reason, and the usage if asked for. */
  readonly tail: string
}

/** The last line of a complete stream. */
export const DONE = 'data: [DONE]\n\n'

/** The answer as one JSON text. */
export function renderCompletion(head: CompletionHead, completion: Completion): string {
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
          ...(completion.calls.length > 0 && { tool_calls: completion.calls }),
        },
        finish_reason: completion.finishReason,
      },
    ],
    usage: renderUsage(completion.usage),
  })
}

/**
 * The answer as server-sent events. Text first, then the tool calls one after the other, each opened by an event with
 * its id and name and followed by fragments of its arguments. Events that carry no output of their own (the role, the
 * opening of a call) share a chunk with the first piece that follows, so that chunks count pieces of output.
 */
export function renderStream(
  head: CompletionHead,
  completion: Completion,
  chunkSize: number,
  includeUsage: boolean,
): RenderedStream {
  const start =
    `data: {"id":${JSON.stringify(head.id)},"object":"chat.completion.chunk","created":${head.created},` +
    `"model":${JSON.stringify(head.model)},"choices":[`
  const end = includeUsage ? '],"usage":null}\n\n' : ']}\n\n'
  const event = (delta: object, finish: string | null = null): string =>
    `${start}{"index":0,"delta":${JSON.stringify(delta)},"finish_reason":${JSON.stringify(finish)}}${end}`

  const chunks: Chunk[] = []
  let lead = event({ role: 'assistant', content: completion.text === undefined ? null : '' })
  const push = (delta: object, chars: number): void => {
    chunks.push({ wire: lead + event(delta), chars })
    lead = ''
  }
  for (const piece of splitText(completion.text ?? '', chunkSize)) push({ content: piece }, piece.length)
  for (const [index, { id, type, function: called }] of completion.calls.entries()) {
    lead += event({ tool_calls: [{ index, id, type, function: { name: called.name, arguments: '' } }] })
    const [first = '', ...rest] = splitText(called.arguments, chunkSize)
    const fragment = (text: string): object => ({ tool_calls: [{ index, function: { arguments: text } }] })
    push(fragment(first), called.name.length + first.length)
    for (const piece of rest) push(fragment(piece), piece.length)
  }
  if (lead !== '') chunks.push({ wire: lead, chars: 0 })
  const usage = includeUsage ? `${start}],"usage":${JSON.stringify(renderUsage(completion.usage))}}\n\n` : ''
  return { chunks, tail: event({}, completion.finishReason) + usage }
}

function renderUsage(usage: CompletionUsage): object {
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.inputTokens + usage.outputTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedInputTokens },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens },
  }
}
