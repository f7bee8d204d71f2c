import type { ModelRequest } from '@meepo/core'
import { requestSize, type RequestSize } from './request-text.ts'

/** What one model's tokens are like. */
export interface TokenScale {
  /** Tokens for one UTF-16 unit of text. */
  readonly perChar: number
  /** Tokens that the wire format adds for a message, a call or a tool. */
  readonly perPiece: number
}

/**
 * English prose and JSON have about four units a token, other scripts fewer. A little too many is better than too few:
 * what is reserved and not used is given back.
 */
export const defaultScale: TokenScale = { perChar: 0.3, perPiece: 6 }

/** Input tokens of a request, in microseconds and without a tokenizer. */
export function estimateTokens(request: ModelRequest, scale: TokenScale = defaultScale): number {
  return tokensOf(requestSize(request), scale)
}

/** Tokens of a text that was delivered. */
export function estimateTextTokens(text: string, scale: TokenScale = defaultScale): number {
  return Math.ceil(text.length * scale.perChar)
}

/** No tokenizer makes more tokens of a text than it has bytes in UTF-8, of which a UTF-16 unit has at most three. */
export function mostTokens(request: ModelRequest): number {
  return tokensOf(requestSize(request), { perChar: 3, perPiece: 16 })
}

function tokensOf({ chars, pieces }: RequestSize, { perChar, perPiece }: TokenScale): number {
  return Math.ceil(chars * perChar + pieces * perPiece)
}

/** How fast a scale follows what it learns: a tenth of each difference. */
const weight = 0.1

/** The scale after a call was settled: its input tokens by the provider's word move it a little towards what was true. */
export function learnScale(scale: TokenScale, request: ModelRequest, inputTokens: number): TokenScale {
  const { chars, pieces } = requestSize(request)
  const ofText = inputTokens - pieces * scale.perPiece
  // Short requests are mostly format, and images are no text: neither says anything about the text.
  if (chars < 200 || ofText <= 0 || ofText > chars * 3) return scale
  return { ...scale, perChar: scale.perChar + weight * (ofText / chars - scale.perChar) }
}

/** Scales that are learnt per model from what was settled. Pure state: nothing is written anywhere. */
export class TokenScales {
  readonly #scales = new Map<string, TokenScale>()

  /** Input tokens of a request to a model, by all that was learnt. */
  estimate(model: string, request: ModelRequest): number {
    return estimateTokens(request, this.of(model))
  }

  of(model: string): TokenScale {
    return this.#scales.get(model) ?? defaultScale
  }

  /** Tells what a request to a model really took. */
  learn(model: string, request: ModelRequest, inputTokens: number): void {
    this.#scales.set(model, learnScale(this.of(model), request, inputTokens))
  }
}
