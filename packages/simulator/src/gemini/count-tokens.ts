import { isRecord } from '../value.ts'
import { singleWire } from '../wire/single.ts'
import type { Wire } from '../wire/wire.ts'
import { readContents } from './request.ts'
import { gemini } from './vendor.ts'

/** `countTokens`. */
export const geminiCountTokens: Wire = singleWire({
  route: 'gemini.count-tokens',
  vendor: gemini,
  idPrefix: 'count-',
  isFree: true,
  // The whole request may stand in a field of its own.
  read: (body, model) => readContents(isRecord(body) ? (body['generateContentRequest'] ?? body) : body, model),
  value: (_head, { inputTokens }) => ({
    totalTokens: inputTokens,
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: inputTokens }],
  }),
})
