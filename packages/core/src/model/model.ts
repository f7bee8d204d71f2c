import type { Json, JsonObject } from '../base/json.ts'
import type { Usage } from '../base/usage.ts'
import type { CallAccount } from './account.ts'

/** One message of a conversation, as it lies in the log. */
export type Message =
  | { readonly role: 'system'; readonly text: string }
  | {
      readonly role: 'user'
      readonly text: string
      /** Nobody said it: a hint, a summary or a request to correct an answer. */
      readonly isNote?: true
    }
  | {
      readonly role: 'assistant'
      readonly text: string
      readonly toolCalls?: readonly ToolCall[]
      readonly reasoning?: string
      /** `carry` of the response that this message came with, unread. */
      readonly carry?: JsonObject
    }
  | {
      readonly role: 'tool'
      readonly callId: string
      readonly tool: string
      readonly result: Json
      readonly isError?: true
    }

/** The model asks for a tool. */
export interface ToolCall {
  readonly id: string
  readonly name: string
  /** Parsed arguments; a text that is no JSON arrives as that text and is refused by validation. */
  readonly arguments: Json
}

/** A tool as the model sees it. */
export interface ToolSpec {
  readonly name: string
  readonly description: string
  /** JSON Schema of the arguments. */
  readonly inputSchema: JsonObject
}

/** Settings that reach the wire. What is absent is left to the provider. */
export interface ModelSettings {
  readonly temperature?: number
  readonly maxOutputTokens?: number
  readonly stop?: readonly string[]
  readonly seed?: number
  /** Passed through per provider, for example `{ openai: { reasoningEffort: 'low' } }`. */
  readonly providerOptions?: { readonly [provider: string]: JsonObject }
}

/** How tries of a call are repeated. */
export interface CallRetry {
  /** How the wait grows from repeat to repeat. Default `exponential`. */
  readonly backoff?: 'exponential' | 'linear' | 'fixed'
  /** The first wait. Default 500. */
  readonly firstMs?: number
  /** The longest wait between two tries. Default 8,000. */
  readonly longestMs?: number
  /** `full`, the default: each wait is drawn between nothing and its length. */
  readonly jitter?: 'full' | 'none'
  /** All tries together, with their waits: nothing is begun after it. */
  readonly totalMs?: number
}

/** What one call may ask of a gateway. */
export interface CallRouting {
  /** Tries after the first, over all targets. */
  readonly maxRetries?: number
  readonly retry?: CallRetry
  /** May be answered from, and kept in, the tenant's response cache for so many milliseconds. */
  readonly cacheMs?: number
  /** With `cacheMs`: how old a kept answer may be that stands in when every target fails. None unless said. */
  readonly staleMs?: number
  /** Nobody waits for it: may go through the provider's batch API. */
  readonly canWait?: boolean
}

/** One call of a model. */
export interface ModelRequest {
  /** The caller's own array, which grows after the call: a model neither changes nor keeps it. */
  readonly messages: readonly Message[]
  readonly tools?: readonly ToolSpec[]
  readonly settings?: ModelSettings
  /** The final answer must be JSON of this schema. */
  readonly outputSchema?: JsonObject
  /** How this call is repeated, routed and answered from a cache, where the gateway's own settings are not right. */
  readonly routing?: CallRouting
}

/** Why the model stopped. A cut stream is an error, never a finish. */
export type FinishReason = 'stop' | 'tool-calls' | 'length' | 'content-filter' | 'other'

/** A complete answer. */
export interface ModelResponse {
  readonly text: string
  readonly toolCalls: readonly ToolCall[]
  readonly reasoning?: string
  readonly finish: FinishReason
  readonly usage: Usage
  /** The model that answered, by the provider's word. */
  readonly model: string
  /**
   * What the provider wants to see again with this message, such as signatures of its reasoning. Opaque, but what hangs
   * on a tool call is under `calls` by the id of the call, and follows it when the call gets another id.
   */
  readonly carry?: JsonObject
  /** How many tokens the model that answered takes at once, where that is known. */
  readonly contextTokens?: number
}

/** What a call knows about where it comes from. */
export interface ModelCall {
  /** Aborts the request; the promise then rejects. */
  readonly signal: AbortSignal
  /** Travels to the provider as a header, so that an invoice can be matched entry by entry. */
  readonly attemptId: string
  /** The same for all attempts of one step. */
  readonly idempotencyKey: string
  /** Somebody watches: called in order with each piece of text. Must not throw. Absent: nobody does. */
  readonly onText?: (delta: string) => void
  /** The watcher can take text back: everything that `onText` told is void, the answer begins anew. Must not throw. */
  readonly onReset?: () => void
  /** Who pays. Absent: nobody keeps books. */
  readonly account?: CallAccount
  /** Higher goes first where calls queue. 0 unless said. */
  readonly priority?: number
  /** Nobody wants the answer after it: milliseconds since 1970. */
  readonly deadlineAt?: number | undefined
  /** How many of the tries of this logical call earlier attempts used up. */
  readonly earlierTries?: number
}

/** A way to one model. Rejects with a `model.*` code; never answers with half an answer. */
export interface Model {
  /** `provider:model`. */
  readonly id: string
  /** It announces each call to the account before the call leaves, and repeats calls itself as its settings say. */
  readonly keepsBooks?: true
  call(request: ModelRequest, call: ModelCall): Promise<ModelResponse>
}

/** Resolves `provider:model` and aliases. */
export interface Models {
  /** Throws `model.unknown_name`. */
  resolve(name: string): Model
}
