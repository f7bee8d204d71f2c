// How full the window of the model is. The window and the tokens come with each recorded answer, so that a replay
// decides as the first execution did.

import type { ModelResponse } from '../model/model.ts'
import type { FillState } from './segment.ts'

/** The same, counted on in place: it changes with every message. */
export type Fill = { -readonly [Field in keyof FillState]: FillState[Field] }

/** A model that nobody knows the window of is taken to hold so many tokens: no larger one is known. */
const unknownWindow = 1_000_000
/** Results of tools are dense: numbers, ids and punctuation. */
const charactersPerToken = 3

/** After an answer: its own count of the conversation is the best there is. */
export function countAnswer(fill: Fill, { usage, contextTokens, text }: ModelResponse): void {
  const counted = usage.input + usage.cacheRead + usage.cacheWrite
  fill.used = counted > 0 ? counted + usage.output : fill.used + tokensOf(fill.added + text.length)
  fill.added = 0
  if (contextTokens !== undefined) fill.window = contextTokens
}

/** Tokens of the conversation as it is now, about. */
export function tokensNow({ used, added }: FillState): number {
  return used + tokensOf(added)
}

/** The window that counts: the smaller one of the model's and the wanted one. */
export function windowOf({ window }: FillState, wanted: number | undefined): number {
  return Math.min(window ?? wanted ?? unknownWindow, wanted ?? Number.POSITIVE_INFINITY)
}

/** After the conversation went from one size to another, in characters. */
export function scale(fill: Fill, from: number, to: number): void {
  fill.used = Math.ceil((tokensNow(fill) * to) / from)
  fill.added = 0
}

function tokensOf(characters: number): number {
  return Math.ceil(characters / charactersPerToken)
}
