// Whether an agent gets anywhere. A turn is known by what it called and what came back; turns that repeat, alone or in
// a short cycle, are told to the model first, and end the run when that does not help.

import type { Json } from '../base/json.ts'
import type { ToolCall } from '../model/model.ts'
import type { ToolMessage } from '../tool/answer.ts'

/** When repeating counts as standing still. */
export interface ProgressRule {
  /** After so many equal turns (or rounds of a cycle of up to four turns) the model is told; 3 unless said. */
  readonly hintAfter?: number
  /** After so many the run fails with `agent.no_progress`; 6 unless said. */
  readonly stopAfter?: number
}

/** What is remembered of the last turns: plain JSON, of bounded size. */
export interface ProgressState {
  readonly turns: readonly number[]
  readonly hinted: boolean
}

/** What a turn means for the run. */
export type ProgressVerdict = 'goes on' | 'hint' | 'stop'

/** The longest cycle that is looked for, in turns. */
const longestCycle = 4

export const noTurns: ProgressState = { turns: [], hinted: false }

/** Judges one more turn. Pure. */
export function judgeTurn(
  { turns, hinted }: ProgressState,
  turn: number,
  { hintAfter = 3, stopAfter = 6 }: ProgressRule,
): { readonly state: ProgressState; readonly verdict: ProgressVerdict } {
  const kept = [...turns, turn].slice(-longestCycle * stopAfter)
  const rounds = roundsOf(kept)
  if (rounds >= stopAfter) return { state: { turns: kept, hinted }, verdict: 'stop' }
  // Told once: a model that goes on nevertheless is stopped.
  const isDue = rounds >= hintAfter
  return { state: { turns: kept, hinted: isDue }, verdict: isDue && !hinted ? 'hint' : 'goes on' }
}

/**
 * The turns of an answer, one after the other. The first one is only marked when there is a second to compare it with:
 * most answers have one turn with tools.
 */
export class Progress {
  #state: ProgressState
  #first: readonly [calls: readonly ToolCall[], results: readonly ToolMessage[]] | undefined

  constructor(state: ProgressState = noTurns) {
    this.#state = state
  }

  /** What goes to the log. */
  get state(): ProgressState {
    if (this.#first) {
      this.#state = { turns: [turnMark(...this.#first)], hinted: false }
      this.#first = undefined
    }
    return this.#state
  }

  /** Takes in one more turn. */
  took(calls: readonly ToolCall[], results: readonly ToolMessage[], rule: ProgressRule): ProgressVerdict {
    const { hintAfter = 3, stopAfter = 6 } = rule
    const isFirst = this.#state.turns.length === 0 && !this.#first
    if (isFirst && hintAfter > 1 && stopAfter > 1) {
      this.#first = [calls, results]
      return 'goes on'
    }
    const { state, verdict } = judgeTurn(this.state, turnMark(calls, results), rule)
    this.#state = state
    return verdict
  }
}

/** How often the last turns went round the same cycle, whichever cycle makes that most. */
function roundsOf(turns: readonly number[]): number {
  let most = 1
  for (let cycle = 1; cycle <= longestCycle; cycle++) {
    let equal = 0
    for (let at = turns.length - 1; at >= cycle && turns[at] === turns[at - cycle]; at--) equal++
    most = Math.max(most, Math.floor(equal / cycle) + 1)
  }
  return most
}

/** A number by which a turn is known: of its calls with their arguments, and of their results, without ids. */
export function turnMark(calls: readonly ToolCall[], results: readonly ToolMessage[]): number {
  let mark = seed
  for (const [index, call] of calls.entries()) {
    mark = mix(mark, call.name)
    mark = mix(mark, textOf(call.arguments))
    mark = mix(mark, textOf(results[index]?.result ?? null))
  }
  return mark
}

const seed = 5_381
/** Of longer texts the beginning and the length count. */
const most = 20_000

/** 53 bits: what a double holds. */
function mix(mark: number, text: string): number {
  let low = mark >>> 0
  let high = (Math.floor(mark / 4_294_967_296) ^ text.length) >>> 0
  const length = Math.min(text.length, most)
  for (let at = 0; at < length; at++) {
    const unit = text.charCodeAt(at)
    low = Math.imul(low ^ unit, 2_654_435_761)
    high = Math.imul(high ^ unit, 1_597_334_677)
  }
  low = Math.imul(low ^ (low >>> 16), 2_246_822_507) ^ Math.imul(high ^ (high >>> 13), 3_266_489_909)
  high = Math.imul(high ^ (high >>> 16), 2_246_822_507) ^ Math.imul(low ^ (low >>> 13), 3_266_489_909)
  return 4_294_967_296 * (2_097_151 & high) + (low >>> 0)
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What the model is told when it stands still. */
export function progressHint(stopAfter: number): string {
  return `The same tool calls have been made with the same arguments and gave the same results, over and over. Repeating them again will not help: try something else, or give your final answer with what you know. After ${stopAfter} repetitions the run is stopped.`
}
