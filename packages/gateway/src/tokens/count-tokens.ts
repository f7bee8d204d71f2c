import type { ModelRequest } from '@meepo/core'
import { defaultScale, estimateTokens } from './estimate-tokens.ts'
import { requestSize, requestText } from './request-text.ts'

type Counter = (text: string) => number

let counter: Promise<Counter> | undefined

/** Counts the tokens of a text as OpenAI's models since gpt-4o do. The table is loaded first: 0.2 s and 70 MB. */
export async function countTextTokens(text: string): Promise<number> {
  counter ??= import('gpt-tokenizer/encoding/o200k_base').then(
    ({ countTokens }) =>
      (given: string) =>
        // Marks such as <|endoftext|> in a prompt are text like any other.
        countTokens(given, { disallowedSpecial: new Set() }),
  )
  return (await counter)(text)
}

/**
 * Input tokens of a request: exact for OpenAI's text, up to what the wire format adds; other vendors do not publish their
 * tokenizers, so theirs are estimated. For reports and tests; the pipeline itself estimates.
 */
export async function countTokens(model: string, request: ModelRequest): Promise<number> {
  if (!/(?:^|[:/])(?:gpt-|o\d|chat-latest|text-embedding)/.test(model)) return estimateTokens(request)
  return (await countTextTokens(requestText(request))) + requestSize(request).pieces * defaultScale.perPiece
}
