import type { Fault } from './fault.ts'
import type { Latency } from './latency.ts'
import type { ChatBody, ChatMessage, ChatTool } from './openai/chat-request.ts'

/** What a script is asked: one parsed and valid request. */
export interface SimulatorRequest {
  /** 1 for the first request of this journal, then 2, 3 … in order of arrival. */
  readonly number: number
  readonly path: string
  readonly model: string
  readonly messages: readonly ChatMessage[]
  /** Empty when the request names none. */
  readonly tools: readonly ChatTool[]
  readonly stream: boolean
  /** Everything that was sent, `response_format`, `temperature`, `stop`, `seed` and unknown fields included. */
  readonly body: ChatBody
  /** `idempotency-key` and the `x-` headers; never the API key. */
  readonly headers: Readonly<Record<string, string>>
}

/** One call the model wants made. */
export interface SimulatorToolCall {
  /** Derived from the request by default, so that the same request is answered with the same id. */
  readonly id?: string
  readonly name: string
  /** Sent as JSON; a string is sent as it is, which is how a model that writes broken JSON is played. */
  readonly arguments: object | string
}

/** Token counts that replace the computed ones. */
export interface SimulatorUsage {
  readonly inputTokens?: number
  readonly outputTokens?: number
  /** Part of the input tokens. */
  readonly cachedInputTokens?: number
  /** Part of the output tokens. */
  readonly reasoningTokens?: number
}

/** Why the model stopped, in the vendor's words. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** What a script answers: text, tool calls or both, or a fault. */
export interface SimulatorAnswer {
  readonly text?: string
  readonly toolCalls?: readonly SimulatorToolCall[]
  /** Computed by default: `length` when cut by the request's limit, `tool_calls`, else `stop`. */
  readonly finishReason?: FinishReason
  readonly usage?: SimulatorUsage
  /** Replaces the simulator's latency for this answer. */
  readonly latency?: Latency
  readonly fault?: Fault
}

/**
 * The model: a function of the request. It may be called several times with the same request (a client that retries)
 * and concurrently. When it throws or answers nonsense the client gets a 500 that says so, and the journal an entry.
 */
export type SimulatorScript = (request: SimulatorRequest) => SimulatorAnswer | Promise<SimulatorAnswer>
