import type { IncomingHttpHeaders } from 'node:http'

import type { LimitState } from '../limiter/limit-state.ts'
import type { ChatBody } from '../openai/chat-request.ts'
import type { Completion, CompletionUsage } from '../openai/completion.ts'

/** What a request asks for, in whose format. */
export type Route =
  | 'openai.chat'
  | 'openai.responses'
  | 'openai.embeddings'
  | 'anthropic.messages'
  | 'anthropic.count-tokens'
  | 'gemini.generate'
  | 'gemini.count-tokens'
  | 'gemini.embeddings'

/** Why a request is refused, where the status alone does not tell. */
export type RefusalReason =
  | 'rate-limit'
  | 'quota'
  | 'context-length'
  | 'content-filter'
  | 'overloaded'
  | 'invalid-key'
  | 'unknown-model'

/** An error that the vendor would send. */
export interface Problem {
  readonly status: number
  readonly message: string
  readonly reason?: RefusalReason | undefined
  /** The field that is wrong; only OpenAI has a place for it. */
  readonly param?: string | null
  readonly code?: string
  /** Told in the body as this vendor tells it. */
  readonly retryInMs?: number | undefined
}

/** What all formats of one vendor share. */
export interface Vendor {
  readonly name: 'openai' | 'anthropic' | 'gemini'
  /** What ids of tool calls begin with. */
  readonly callIdPrefix: string
  readonly errorBody: (problem: Problem) => object
  /** The problem as an event of a stream that has begun. */
  readonly errorEvent: (problem: Problem) => string
  readonly keyOf: (headers: IncomingHttpHeaders, query: URLSearchParams) => string | undefined
  /** Headers that tell the state of these limits, for every reply. */
  readonly limitHeaders: (states: readonly LimitState[], now: number) => Record<string, string>
  /** Headers that tell a refused client when to come back. */
  readonly retryHeaders: (waitMs: number) => Record<string, string>
  /** What a wrong key is answered. */
  readonly badKey: Problem
  /** The name of the tier that is served when none is asked for. */
  readonly standardTier: string
}

/** What every object of one answer repeats. */
export interface AnswerHead {
  readonly id: string
  /** Seconds since 1970. */
  readonly created: number
  readonly model: string
  /** Missing unless the request asked for a tier or the script names one. */
  readonly serviceTier: string | undefined
  /** The vendor's usage object; missing when it is withheld. */
  readonly usage: object | undefined
}

/** One write to the client: complete events, and how many characters of generated output they carry. */
export interface Chunk {
  readonly wire: string
  readonly chars: number
  /** Waited before it, besides the latency. */
  readonly pauseMs?: number
}

/** A stream in parts. */
export interface RenderedStream {
  /** Sent with the headers, before anything was generated. */
  readonly opening: string
  readonly chunks: readonly Chunk[]
  /** Finish reason, and the usage if there is one. */
  readonly tail: string
  /** The vendor's last word. */
  readonly done: string
}

/** A request, understood: what it says in the simulator's own terms, and how it wants its answer. */
export interface ReadRequest {
  readonly chat: ChatBody
  readonly stream: boolean
}

/** One format: reads a vendor's requests into conversations and writes answers the vendor's way. */
export interface Wire {
  readonly route: Route
  readonly vendor: Vendor
  /** False for formats that answer with something else than generated text. */
  readonly generates: boolean
  /** True for questions that no vendor charges. */
  readonly isFree: boolean
  /** What ids of answers begin with. */
  readonly idPrefix: string
  /** The model is given where it stands in the path. */
  readonly read: (body: unknown, model: string | undefined) => ReadRequest | Problem
  readonly usage: (usage: CompletionUsage, tier: string | undefined) => object
  readonly render: (head: AnswerHead, completion: Completion, chat: ChatBody) => string
  readonly stream: (head: AnswerHead, completion: Completion, chunkSize: number, chat: ChatBody) => RenderedStream
}

/** True for what `read` answers when the vendor would refuse. */
export function isProblem(value: ReadRequest | Problem): value is Problem {
  return 'status' in value
}
