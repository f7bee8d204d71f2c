import { singleWire } from '../wire/single.ts'
import type { Wire } from '../wire/wire.ts'
import { readPrompt } from './request.ts'
import { anthropic } from './vendor.ts'

/** `POST /v1/messages/count_tokens`. */
export const anthropicCountTokens: Wire = singleWire({
  route: 'anthropic.count-tokens',
  vendor: anthropic,
  idPrefix: 'count_',
  isFree: true,
  read: readPrompt,
  value: (_head, { inputTokens }) => ({ input_tokens: inputTokens }),
})
