import { splitText } from '../chunks.ts'
import type { Completion, CompletionUsage } from '../openai/completion.ts'
import type { FinishReason } from '../script.ts'
import { parsedOr } from '../value.ts'
import { dataEvent } from '../wire/sse.ts'
import type { AnswerHead, Chunk, RenderedStream, Wire } from '../wire/wire.ts'
import { readContents } from './request.ts'
import { gemini } from './vendor.ts'

/** `generateContent`. */
export const geminiGenerate: Wire = {
  route: 'gemini.generate',
  vendor: gemini,
  generates: true,
  isFree: false,
  idPrefix: 'gen-',
  read: readContents,
  usage: renderUsage,
  render: (head, completion) => JSON.stringify(renderWhole(head, completion)),
  stream: renderStream,
}

/** `streamGenerateContent?alt=sse`. */
export const geminiStream: Wire = {
  ...geminiGenerate,
  read: (body, model) => {
    const read = readContents(body, model)
    return 'status' in read ? read : { chat: { ...read.chat, stream: true }, stream: true }
  },
}

const FINISH_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  tool_calls: 'STOP',
  content_filter: 'SAFETY',
}

/** Here thoughts are not part of the candidates' tokens. */
function renderUsage(usage: CompletionUsage, tier: string | undefined): object {
  const { cachedInputTokens: cached, reasoningTokens: thoughts } = usage
  return {
    promptTokenCount: usage.inputTokens,
    candidatesTokenCount: usage.outputTokens - thoughts,
    totalTokenCount: usage.inputTokens + usage.outputTokens,
    ...(cached > 0 && { cachedContentTokenCount: cached }),
    ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: usage.inputTokens }],
    ...(cached > 0 && { cacheTokensDetails: [{ modality: 'TEXT', tokenCount: cached }] }),
    ...(tier !== undefined && { serviceTier: tier }),
  }
}

function responseOf(head: AnswerHead, parts: readonly object[], finishReason?: string): object {
  return {
    candidates: [
      {
        ...(parts.length > 0 && { content: { parts, role: 'model' } }),
        ...(finishReason !== undefined && { finishReason }),
        index: 0,
      },
    ],
    modelVersion: head.model,
    responseId: head.id,
  }
}

/** A prompt that is blocked has no candidate at all. */
function blocked(head: AnswerHead): object {
  return { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, modelVersion: head.model, responseId: head.id }
}

function isBlocked({ text, calls, finishReason }: Completion): boolean {
  return finishReason === 'content_filter' && text === undefined && calls.length === 0
}

function usageOf(head: AnswerHead): object {
  return head.usage === undefined ? {} : { usageMetadata: head.usage }
}

function renderWhole(head: AnswerHead, completion: Completion): object {
  if (isBlocked(completion)) return { ...blocked(head), ...usageOf(head) }
  const { text, reasoning, calls, finishReason } = completion
  const parts = [
    ...(reasoning === undefined ? [] : [{ text: reasoning, thought: true }]),
    ...(text === undefined ? [] : [{ text }]),
    ...calls.map(({ id, function: called }) => ({
      functionCall: { id, name: called.name, args: parsedOr(called.arguments) },
    })),
  ]
  return { ...responseOf(head, parts, FINISH_REASONS[finishReason]), ...usageOf(head) }
}

/** Text in pieces; a function call is one piece, as this vendor sends it. Nothing marks the end of a stream. */
function renderStream(head: AnswerHead, completion: Completion, chunkSize: number): RenderedStream {
  const { text, reasoning, calls, finishReason } = completion
  if (isBlocked(completion)) {
    return { opening: '', chunks: [], tail: dataEvent({ ...blocked(head), ...usageOf(head) }), done: '' }
  }
  const chunks: Chunk[] = []
  const push = (part: object, chars: number): void => {
    chunks.push({ wire: dataEvent(responseOf(head, [part])), chars })
  }
  for (const piece of splitText(reasoning ?? '', chunkSize)) push({ text: piece, thought: true }, piece.length)
  for (const piece of splitText(text ?? '', chunkSize)) push({ text: piece }, piece.length)
  for (const { id, function: called } of calls) {
    const functionCall = { id, name: called.name, args: parsedOr(called.arguments) }
    push({ functionCall }, called.name.length + called.arguments.length)
  }
  const last = { ...responseOf(head, [{ text: '' }], FINISH_REASONS[finishReason]), ...usageOf(head) }
  return { opening: '', chunks, tail: dataEvent(last), done: '' }
}
