import type { ToolMessage } from './answer.ts'
import { cutText, sizeOf } from './clip.ts'

/** How much of the results of one turn is kept, in characters. */
export interface ResultLimits {
  /** Of each result. */
  readonly each: number
  /** Of all together. */
  readonly turn: number
}

/** A result as it is kept. */
export interface Kept {
  message: ToolMessage
  /** How many characters it has, whole. */
  readonly whole: number
  /** How many of them are left. */
  left: number
}

/**
 * Keeps the results of a turn within its limits, from the moment each arrives. Where they are too long together, the longest
 * are cut to one length, so that short ones stay whole: the order of arrival decides nothing.
 */
export class ResultRoom {
  readonly #limits: ResultLimits
  readonly #kept: Kept[] = []
  #sum = 0
  #level: number

  constructor(limits: ResultLimits) {
    this.#limits = limits
    this.#level = Math.min(limits.each, limits.turn)
  }

  put(message: ToolMessage): Kept {
    const whole = sizeOf(message.result)
    return this.#add({ message, whole, left: whole })
  }

  /** The same result as the answer to another call. */
  again({ message, whole, left }: Kept, callId: string, tool: string): Kept {
    return this.#add({ message: { ...message, callId, tool }, whole, left })
  }

  #add(kept: Kept): Kept {
    this.#kept.push(kept)
    this.#sum += kept.left
    this.#cut(kept)
    if (this.#sum > this.#limits.turn) this.#lower()
    return kept
  }

  #lower(): void {
    this.#level = levelOf(
      this.#kept.map(({ left }) => left),
      this.#limits.turn,
    )
    for (const kept of this.#kept) this.#cut(kept)
  }

  #cut(kept: Kept): void {
    const { message, whole, left } = kept
    const { result } = message
    if (left <= this.#level || (typeof result !== 'string' && (typeof result !== 'object' || result === null))) return
    const text = typeof result === 'string' ? result : JSON.stringify(result)
    const cut = cutText(text.slice(0, left), this.#level, whole)
    kept.message = { ...message, result: cut.text }
    kept.left = cut.end
    this.#sum += cut.end - left
  }
}

/** The length to which the longest of these are to be cut, so that they have `most` together. */
function levelOf(lengths: readonly number[], most: number): number {
  const rising = lengths.toSorted((a, b) => a - b)
  let rest = most
  for (const [index, length] of rising.entries()) {
    const share = Math.floor(rest / (rising.length - index))
    if (length > share) return share
    rest -= length
  }
  /* v8 ignore next -- asked only where they are too long together */
  return Number.POSITIVE_INFINITY
}
