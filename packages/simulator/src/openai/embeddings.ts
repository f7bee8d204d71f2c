import { isRecord } from '../value.ts'
import { singleWire } from '../wire/single.ts'
import { dimensionsOf, vectorOf } from '../wire/vector.ts'
import type { Problem, ReadRequest, Wire } from '../wire/wire.ts'
import { messageText } from './chat-request.ts'
import { openai } from './vendor.ts'

const DIMENSIONS = 1536

/** `POST /v1/embeddings`. */
export const openaiEmbeddings: Wire = singleWire({
  route: 'openai.embeddings',
  vendor: openai,
  idPrefix: 'emb-',
  isFree: false,
  read,
  usage: ({ inputTokens }) => ({ prompt_tokens: inputTokens, total_tokens: inputTokens }),
  value: (head, _usage, chat) => ({
    object: 'list',
    data: chat.messages.map((message, index) => ({
      object: 'embedding',
      index,
      embedding: encoded(
        vectorOf(messageText(message), dimensionsOf(chat['dimensions'], DIMENSIONS)),
        chat['encoding_format'],
      ),
    })),
    model: head.model,
    ...(head.usage !== undefined && { usage: head.usage }),
  }),
})

/** Every text is a message of its own. A list of token numbers is one text. */
function read(value: unknown): ReadRequest | Problem {
  if (!isRecord(value)) return { status: 400, message: 'The request body is not a JSON object.' }
  const { model, input } = value
  if (typeof model !== 'string' || model === '') {
    return { status: 400, message: 'you must provide a model parameter', param: 'model' }
  }
  const isTokens = Array.isArray(input) && input.every((item) => typeof item === 'number')
  const texts: readonly unknown[] = Array.isArray(input) && !isTokens ? input : [input]
  if (texts.length === 0 || texts.some((text) => typeof text !== 'string' && !Array.isArray(text))) {
    return { status: 400, message: "'$.input' is invalid.", param: 'input' }
  }
  const messages = texts.map((text) => ({ role: 'user' as const, content: String(text) }))
  return { chat: { ...value, model, messages }, stream: false }
}

function encoded(vector: readonly number[], format: unknown): readonly number[] | string {
  return format === 'base64' ? Buffer.from(Float32Array.from(vector).buffer).toString('base64') : vector
}
