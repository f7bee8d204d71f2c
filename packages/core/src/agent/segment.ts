// Where a long conversation is cut. A resume starts at the last cut, so what it must replay stays small.

import type { Message } from '../model/model.ts'
import { roughBytes } from './conversation.ts'

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

/** What a segment has added to the log. */
export interface SegmentSize {
  turns: number
  steps: number
  bytes: number
}

/** Adds one turn: the messages from `from` on. */
export function addTurn(size: SegmentSize, messages: readonly Message[], from: number): void {
  size.turns++
  for (let index = from; index < messages.length; index++) size.bytes += roughBytes(messages[index])
  size.steps += messages.length - from
}

/** True when the next turn is to start a new segment: far below what a segment and its state may hold. */
export function isSegmentFull(size: SegmentSize): boolean {
  return size.turns >= 200 || size.steps >= 5_000 || size.bytes >= 4 * 1024 * 1024
}
