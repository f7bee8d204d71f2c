import type { ModelRequest } from '@meepo/core'
import { requestSize, requestText, type RequestSize } from './request-text.ts'
import { textWeight } from './text-weight.ts'

/** What one model's tokens are like. */
export interface TokenScale {
  /** Tokens for one of {@link textWeight}, as they usually are. */
  readonly usual: number
  /** The most that was seen lately. */
  readonly most: number
  /** Tokens that the wire format adds for a message, a call or a tool. */
  readonly perPiece: number
}

/** Weights are bounds: of English prose about three quarters become tokens. */
export const defaultScale: TokenScale = { usual: 0.8, most: 1, perPiece: 6 }
/** A tokenizer may make so much more of a text than its weight says. */
const margin = 1.1

/** Input tokens of a request as they probably are, in microseconds and without a tokenizer. */
export function estimateTokens(request: ModelRequest, scale: TokenScale = defaultScale): number {
  return tokensOf(requestSize(request), scale.usual, scale.perPiece)
}

/** Input tokens of a request at most, as far as its letters and what was settled before tell: what money is set aside for. */
export function boundTokens(request: ModelRequest, scale: TokenScale = defaultScale): number {
  return tokensOf(requestSize(request), scale.most * margin, scale.perPiece)
}

/** Tokens of a text that was delivered. */
export function estimateTextTokens(text: string, scale: TokenScale = defaultScale): number {
  return Math.ceil(textWeight(text) * scale.usual)
}

/** No tokenizer makes more tokens of a text than it has bytes in UTF-8. */
export function mostTokens(request: ModelRequest): number {
  return new TextEncoder().encode(requestText(request)).length + requestSize(request).pieces * 16
}

function tokensOf({ weight, pieces }: RequestSize, perWeight: number, perPiece: number): number {
  return Math.ceil(weight * perWeight + pieces * perPiece)
}

/** How fast the usual follows what it learns: a tenth of each difference. */
const share = 0.1
/** How fast the most that was seen is forgotten. */
const forgotten = 0.02

/** The scale after a call was settled: its input tokens by the provider's word move it towards what was true. */
export function learnScale(scale: TokenScale, { weight, pieces }: RequestSize, inputTokens: number): TokenScale {
  const ratio = (inputTokens - pieces * scale.perPiece) / weight
  // Short requests are mostly format, and images are no text: neither says anything about the text.
  if (weight < 50 || ratio <= 0 || ratio > 3) return scale
  const { usual, most, perPiece } = scale
  return {
    usual: usual + share * (ratio - usual),
    // Bad news at once, good news slowly: what is set aside must be enough for the worst of many calls.
    most: ratio > most ? ratio : most + forgotten * (ratio - most),
    perPiece,
  }
}

/** Scales that are learnt per model from what was settled. Pure state: nothing is written anywhere. */
export class TokenScales {
  readonly #scales = new Map<string, TokenScale>()

  /** Input tokens of a request to a model, by all that was learnt: as they probably are, and at most. */
  count(model: string, size: RequestSize): { readonly inputTokens: number; readonly mostInputTokens: number } {
    const { usual, most, perPiece } = this.of(model)
    return {
      inputTokens: tokensOf(size, usual, perPiece),
      mostInputTokens: tokensOf(size, most * margin, perPiece),
    }
  }

  of(model: string): TokenScale {
    return this.#scales.get(model) ?? defaultScale
  }

  /** Tells what a request to a model really took. */
  learn(model: string, size: RequestSize, inputTokens: number): void {
    this.#scales.set(model, learnScale(this.of(model), size, inputTokens))
  }
}
