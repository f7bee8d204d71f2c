import { MeepoError } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'

/**
 * A durable point of a run that another run can go on from: its log up to there. What stands here is a fold of that log, but
 * for what people said about one that is held.
 */
export interface Checkpoint {
  /** `RUN@SEQ`. */
  readonly id: string
  readonly runId: RunId
  /** The event behind which it lies. */
  readonly seq: number
  readonly definition: string
  readonly version: string
  /** When its last event was recorded, milliseconds since 1970. */
  readonly at: number
  /** What had just happened. */
  readonly kind: 'start' | 'segment' | 'model' | 'tool' | 'step' | 'child' | 'signal' | 'sleep'
  /** The name of that step, child or signal. */
  readonly name: string
  /** Of the conversation: what it began with, each answer of a model and each result of a tool. 0 where no model was asked. */
  readonly messages: number
  readonly toolResults: number
  /** Turns: answers of a model. */
  readonly iterations: number
  /** In and out, of all answers so far. */
  readonly tokens: number
  /** What the run's own calls cost so far, as text. */
  readonly picoDollars: string
  /** There is a copy of it in the archive. */
  readonly held?: HeldNote
}

/** What was said about a checkpoint that is held. */
export interface HeldNote {
  readonly name?: string
  readonly metadata?: Readonly<Record<string, string>>
  /** When it was put into the archive. */
  readonly heldAt: number
}

/** The id of a checkpoint. */
export function checkpointId(runId: RunId, seq: number): string {
  return `${runId}@${seq}`
}

/** The run and the place that an id names. Throws `checkpoint.not_found` for what is no id. */
export function parseCheckpointId(id: string): { readonly runId: RunId; readonly seq: number } {
  const at = id.lastIndexOf('@')
  const seq = Number(id.slice(at + 1))
  if (at > 0 && Number.isSafeInteger(seq) && seq > 0) return { runId: id.slice(0, at), seq }
  throw new MeepoError('checkpoint.not_found', `${JSON.stringify(id)} is no checkpoint: they are named RUN@SEQ`)
}
