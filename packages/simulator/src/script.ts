import type { Fault } from './fault.ts'
import type { Latency } from './latency.ts'
import type { ChatBody, ChatMessage, ChatTool } from './openai/chat-request.ts'
import type { Route } from './wire/wire.ts'

/** What a script is asked: one parsed and valid request, in the words of OpenAI chat whatever format it came in. */
export interface SimulatorRequest {
  /** 1 for the first request of this journal, then 2, 3 … in order of arrival. */
  readonly number: number
  readonly route: Route
  /** The virtual provider; `default` for the one without a path prefix. */
  readonly provider: string
  readonly path: string
  readonly model: string
  /** The name of the key that was used; see `SimulatorKey`. Missing when none was sent. */
  readonly key?: string
  readonly messages: readonly ChatMessage[]
  /** Empty when the request names none. */
  readonly tools: readonly ChatTool[]
  readonly stream: boolean
  /**
   * The conversation as an OpenAI chat body. For a chat request it is what was sent, `response_format`, `temperature`,
   * `stop`, `seed` and unknown fields included.
   */
  readonly body: ChatBody
  /** What was sent, in the vendor's own format. */
  readonly wireBody: unknown
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

/** Token counts that replace the computed ones. They are what is sent and what is billed. */
export interface SimulatorUsage {
  /** All input: cached and written tokens are part of it. */
  readonly inputTokens?: number
  /** All output, reasoning included. */
  readonly outputTokens?: number
  /** Part of the input tokens. */
  readonly cachedInputTokens?: number
  /** Part of the output tokens. */
  readonly reasoningTokens?: number
  /** Part of the input tokens, written to a cache for the vendor's shortest time (Anthropic: 5 minutes). */
  readonly cacheWriteTokens?: number
  /** The same for 30 minutes (OpenAI). */
  readonly cacheWrite30mTokens?: number
  /** The same for an hour (Anthropic). */
  readonly cacheWrite1hTokens?: number
  /** The same for 12 hours (OpenAI). */
  readonly cacheWrite12hTokens?: number
}

/** Why the model stopped, in OpenAI's words; other formats say it in theirs. */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter'

/** What a script answers: text, tool calls or both, a fault, or a body that is sent as it is. */
export interface SimulatorAnswer {
  readonly text?: string
  /** Sent before the text where the format has a place for it. */
  readonly reasoning?: string
  readonly toolCalls?: readonly SimulatorToolCall[]
  /** Computed by default: `length` when cut by the request's limit, `tool_calls`, else `stop`. */
  readonly finishReason?: FinishReason
  readonly usage?: SimulatorUsage
  /** Sent in place of the vendor's usage object, word by word. What is billed stays `usage`. */
  readonly wireUsage?: Readonly<Record<string, unknown>>
  /** The tier that is said to have served, and is billed. Default: the one asked for. */
  readonly serviceTier?: string
  /** The model that is said to have answered, and is billed. Default: the one asked for. */
  readonly modelName?: string
  /** Replaces the simulator's latency for this answer. */
  readonly latency?: Latency
  /** Sent besides, or instead of, the usual ones. */
  readonly headers?: Readonly<Record<string, string>>
  /** The status of a `body` or of `chunks`. Default 200. Below 400 the answer is billed by its `usage`. */
  readonly status?: number
  /** Sent as it is instead of an answer: text as it stands, everything else as JSON. */
  readonly body?: unknown
  /** The same, written piece by piece as an event stream. */
  readonly chunks?: readonly string[]
  readonly fault?: Fault
}

/**
 * The model: a function of the request. It may be called several times with the same request (a client that retries)
 * and concurrently. When it throws or answers nonsense the client gets a 500 that says so, and the journal an entry.
 */
export type SimulatorScript = (request: SimulatorRequest) => SimulatorAnswer | Promise<SimulatorAnswer>
