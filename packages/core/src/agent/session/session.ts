import type { JsonObject } from '../../base/json.ts'
import type { RunId } from '../../base/ids.ts'
import type { StartOptions, StreamEvent, StreamOptions } from '../../engine/engine.ts'
import type { Message } from '../../model/model.ts'
import type { BusyPolicy } from './message.ts'
import type { SessionEntry } from './view.ts'

/** Which session, and how it begins if it does not exist yet. */
export interface SessionOptions extends Pick<
  StartOptions,
  'tenant' | 'actor' | 'priority' | 'limits' | 'budget' | 'tags'
> {
  /** The same id is the same session, from any process and at any time. A new one unless said. */
  readonly sessionId?: string
}

/** How a message is sent. */
export interface SendOptions {
  /** What becomes of it while another one is being answered; `queue` unless said. */
  readonly policy?: BusyPolicy
  /** Makes sending it again harmless: the same id is the same message. */
  readonly messageId?: string
  /** Who says it, where that is not the actor of the session. */
  readonly actor?: string
}

/** A message that is on its way: it will be answered, whatever happens to the sender. */
export interface SentMessage<O> {
  /** Where it is answered: the session itself, or the fork. */
  readonly session: Session<O>
  readonly number: number
  /** Resolves when it is settled. `session.ended` when the session ends before. Abort leaves the message as it is. */
  reply(options?: { readonly signal?: AbortSignal }): Promise<Reply<O>>
}

/** What came of a message. */
export interface Reply<O> {
  readonly sessionId: string
  readonly number: number
  readonly success: boolean
  /** With success. */
  readonly answer?: O
  /** Without: code and message. The conversation goes on with the next message. */
  readonly error?: JsonObject
}

/** A conversation that goes on over messages, processes and days. Cheap; any number may be open at a time. */
export interface Session<O = unknown> {
  readonly sessionId: string
  /** The run behind it: for its record, its costs, its events. */
  readonly runId: RunId
  /** Says something and waits for the answer. */
  send(text: string, options?: SendOptions & { readonly signal?: AbortSignal }): Promise<Reply<O>>
  /** Says something. Resolves when it cannot get lost any more. `session.busy` and `session.ended` refuse it. */
  post(text: string, options?: SendOptions): Promise<SentMessage<O>>
  /** All messages in their order, with their answers, as people see them. */
  history(): Promise<readonly SessionEntry<O>[]>
  /** The conversation as the model sees it, as of the last answer: with tools, and without what was summed up. */
  messages(): Promise<readonly Message[]>
  /** Another session that begins where the last answer ended. The same id is the same fork. */
  fork(sessionId?: string): Promise<Session<O>>
  /** What happens in the session, as it happens: text, tools, and `partial` with each answer. Ends with the session. */
  stream(options?: StreamOptions): AsyncIterable<StreamEvent>
}
