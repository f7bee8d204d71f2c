import type { Wire } from '../wire/wire.ts'
import { readChat } from './chat-request.ts'
import { renderCompletion, renderStream, renderUsage } from './render.ts'
import { openai } from './vendor.ts'

/** `POST /v1/chat/completions`. */
export const openaiChat: Wire = {
  route: 'openai.chat',
  vendor: openai,
  generates: true,
  isFree: false,
  idPrefix: 'chatcmpl-',
  read: readChat,
  usage: renderUsage,
  render: renderCompletion,
  stream: (head, completion, chunkSize, chat) =>
    renderStream(head, completion, chunkSize, chat.stream_options?.include_usage === true),
}
