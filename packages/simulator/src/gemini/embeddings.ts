import { messageText } from '../openai/chat-request.ts'
import type { ChatMessage } from '../openai/chat-request.ts'
import { isRecord } from '../value.ts'
import { singleWire } from '../wire/single.ts'
import { dimensionsOf, vectorOf } from '../wire/vector.ts'
import type { Problem, ReadRequest, Wire } from '../wire/wire.ts'
import { gemini } from './vendor.ts'

const DIMENSIONS = 3072

/** `embedContent`. No usage is told; the invoice counts. */
export const geminiEmbed: Wire = singleWire({
  route: 'gemini.embeddings',
  vendor: gemini,
  idPrefix: 'emb-',
  isFree: false,
  read: (body, model) => read(isRecord(body) ? [body] : undefined, body, model),
  value: (_head, _usage, chat) => ({ embedding: { values: vectors(chat)[0] ?? [] } }),
})

/** `batchEmbedContents`. */
export const geminiEmbedMany: Wire = singleWire({
  route: 'gemini.embeddings',
  vendor: gemini,
  idPrefix: 'emb-',
  isFree: false,
  read: (body, model) => read(isRecord(body) ? body['requests'] : undefined, body, model),
  value: (_head, _usage, chat) => ({ embeddings: vectors(chat).map((values) => ({ values })) }),
})

function read(requests: unknown, body: unknown, model = ''): ReadRequest | Problem {
  if (!isRecord(body) || !Array.isArray(requests) || requests.length === 0) {
    return { status: 400, message: '* content: content is not specified' }
  }
  const items = (requests as readonly unknown[]).filter(isRecord)
  const messages = items.map(({ content }): ChatMessage => {
    const parts = isRecord(content) && Array.isArray(content['parts']) ? (content['parts'] as readonly unknown[]) : []
    const texts = parts.map((part) => (isRecord(part) && typeof part['text'] === 'string' ? part['text'] : ''))
    return { role: 'user', content: texts.join('') }
  })
  return { chat: { ...body, model, messages, dimensions: items[0]?.['outputDimensionality'] }, stream: false }
}

function vectors(chat: ReadRequest['chat']): number[][] {
  const dimensions = dimensionsOf(chat['dimensions'], DIMENSIONS)
  return chat.messages.map((message) => vectorOf(messageText(message), dimensions))
}
