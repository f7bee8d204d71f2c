// Where a long conversation is cut. A resume starts at the last cut, so what it must replay stays small.

import type { Message } from '../model/model.ts'

/** What an agent knows between two turns. Goes through the log: plain JSON. */
export interface AgentState {
  /** Without the instructions, which are the code's. */
  readonly messages: readonly Message[]
  /** Turns taken. */
  readonly turn: number
  /** How often the final answer was sent back. */
  readonly repairs: number
}

/** The input of a later segment. Tells itself apart from the input of the first one by its marker. */
export interface Continued {
  readonly $continued: AgentState
}

/** True for the state that `ctx.continueWith` was given. */
export function isContinued(input: unknown): input is Continued {
  return typeof input === 'object' && input !== null && '$continued' in input
}

/** What a segment has done so far. */
export interface SegmentCount {
  turns: number
  steps: number
}

/** True when the next turn is to start a new segment: far below what a segment and its state may hold. */
export function isSegmentFull({ turns, steps }: SegmentCount, size: number): boolean {
  return turns >= 200 || steps >= 5_000 || size >= 4 * 1024 * 1024
}
