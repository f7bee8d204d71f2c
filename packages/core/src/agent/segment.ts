// Where a long conversation is cut. A resume starts at the last cut, so what it must replay stays small.

import type { Message } from '../model/model.ts'
import type { ProgressState } from './progress.ts'

/** What an agent knows between two turns. Goes through the log: plain JSON. */
export interface AgentState {
  /** Without the instructions, which are the code's. */
  readonly messages: readonly Message[]
  /** Turns taken. */
  readonly turn: number
  /** How often the final answer was sent back. */
  readonly repairs: number
  /** Turns taken before the answer that is being worked on. */
  readonly turnsBefore?: number
  /** Tokens used for the answer that is being worked on. */
  readonly tokens?: number
  /** Who speaks, after a hand-off. */
  readonly agent?: string
  /** The instructions of who speaks, where they depend on an input. */
  readonly instructions?: string
  /** Hand-offs within the answer that is being worked on. */
  readonly handoffs?: number
  readonly progress?: ProgressState
  /** Older turns were summarised: the ids of their calls are not known any more. */
  readonly isForgetful?: true
  readonly fill?: FillState
}

/** How full the window of the model is. */
export interface FillState {
  /** The window of the model that answered last, where that is known. */
  readonly window?: number
  /** Tokens of the conversation as of the last answer. */
  readonly used: number
  /** Characters that came since. */
  readonly added: number
}

/** The input of a later segment. Tells itself apart from the input of the first one by its marker. */
export interface Continued<S = AgentState> {
  readonly $continued: S
}

/** True for the state that `ctx.continueWith` was given. */
export function isContinued<S>(input: unknown): input is Continued<S> {
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
