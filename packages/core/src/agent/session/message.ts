import type { JsonObject } from '../../base/json.ts'
import { guardSchema, type Schema } from '../../base/schema.ts'

/**
 * What becomes of a message that comes while another one is being answered. `queue`: it is answered afterwards. `steer`: it
 * enters the answer that is being worked on, before the next model call; when there is none any more, it is answered
 * afterwards. `reject`: the sender is refused with `session.busy`. `fork`: it is answered at once by a new session that
 * begins where the last answer ended.
 */
export type BusyPolicy = 'queue' | 'steer' | 'reject' | 'fork'

/** A message as it travels to the session: the value of the signal `message:NUMBER`. */
export interface SessionMessage {
  /** The sender's: the same message is taken once. */
  readonly id: string
  readonly text: string
  readonly policy: 'queue' | 'steer'
  readonly actor?: string
}

/** A message with its place in the session. */
export interface NumberedMessage extends SessionMessage {
  readonly number: number
}

/** The signal that brings a message. A signal has one value, so two senders never share a number. */
export function messageSignal(number: number): string {
  return `message:${number}`
}

/** The number of the message that a signal brings; undefined for other signals. */
export function messageNumber(signal: string): number | undefined {
  const digits = /^message:(\d+)$/.exec(signal)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

export const messageSchema: Schema<SessionMessage> = guardSchema(
  isMessage,
  "{ id: text, text: text, policy: 'queue' or 'steer', actor?: text }",
  {
    type: 'object',
    properties: {
      id: { type: 'string' },
      text: { type: 'string' },
      policy: { enum: ['queue', 'steer'] },
      actor: { type: 'string' },
    },
    required: ['id', 'text', 'policy'],
  },
)

/** True for a value that a sender of this package wrote. */
export function isMessage(value: unknown): value is SessionMessage {
  if (typeof value !== 'object' || value === null) return false
  // Any object may be asked for any name.
  const { id, text, policy, actor } = value as Readonly<Record<string, unknown>>
  if (typeof id !== 'string' || typeof text !== 'string') return false
  return (policy === 'queue' || policy === 'steer') && (actor === undefined || typeof actor === 'string')
}

/** How an answer ended, as the session reports it: with what was answered, or with why not. */
export type Settlement<O = unknown> =
  | { readonly messages: readonly number[]; readonly answer: O }
  | {
      readonly messages: readonly number[]
      readonly error: JsonObject
      /** It was no message: nobody began to answer it. */
      readonly isRefused?: true
    }

/** True for the end of an answer, whether it failed or not. */
export function isAnswer(settlement: Settlement | undefined): settlement is Settlement {
  return settlement !== undefined && !('isRefused' in settlement)
}

/** Reads what {@link Settlement} is reported as; undefined for other reports. */
export function readSettlement(partial: unknown): Settlement | undefined {
  if (typeof partial !== 'object' || partial === null || !('messages' in partial)) return undefined
  const { messages } = partial
  if (!Array.isArray(messages) || !messages.every((number) => Number.isInteger(number))) return undefined
  // Only sessions report in this shape, with one of the two.
  return 'answer' in partial || 'error' in partial ? (partial as Settlement) : undefined
}
