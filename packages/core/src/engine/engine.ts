import type { CallCost, CallOutcome } from '../base/call-entry.ts'
import type { RunId, Scope } from '../base/ids.ts'
import type { Json, JsonObject } from '../base/json.ts'
import type { ErrorData } from '../base/errors.ts'
import type { CheckpointPolicy, LogEvent, Resolution, RunLimits } from '../log/events.ts'
import type { RunFilter, RunSummary } from '../store/store.ts'
import type { AnyDefinition, Definition } from '../run/definition.ts'
import type { RunRecord } from '../run/record.ts'

/** How a run is to be started. */
export interface StartOptions {
  /** Chosen by the caller to make a repeated start harmless: same id and input, same run. */
  readonly runId?: RunId
  /** `default` unless said. */
  readonly tenant?: string
  readonly sessionId?: string
  readonly actor?: string
  /** Higher goes first. 0 unless said. */
  readonly priority?: number
  /** Limits of this run; those of the definition unless said. */
  readonly limits?: Partial<RunLimits>
  /** What the run and everything below it may cost, in dollars: `5`, `'$0.50'`. The same as `limits.picoDollars`. */
  readonly budget?: string | number
  /** Whom else its costs are charged to: `{ team: 'search' }` is the scope `tag:team=search`. Children inherit them. */
  readonly tags?: Readonly<Record<string, string>>
  /** Which points are checkpoints, and wait for the disk; what the definition says unless said. Children inherit it. */
  readonly checkpoints?: CheckpointPolicy
  /** Leave the run in the queue of the store, for whichever engine has room. An engine that is stopping takes such starts as well. */
  readonly isQueued?: boolean
  /** Somebody will watch the text: model calls stream from the first one on, not only once a stream is open. */
  readonly isPreviewed?: boolean
}

/** One event of a run's stream. `cursor` continues behind it: `stream({ after: cursor })`. */
export type StreamEvent = StreamBody & { readonly cursor: string; readonly runId: RunId }

/** What a stream tells. `final` or a last `error` ends it. */
export type StreamBody =
  | {
      readonly type: 'text'
      readonly step: number
      readonly attempt: number
      readonly offset: number
      readonly text: string
    }
  /** The text of this step starts again: forget what came of it. */
  | { readonly type: 'reset'; readonly step: number; readonly attempt: number }
  | { readonly type: 'tool.started'; readonly step: number; readonly tool: string; readonly callId?: string }
  /** A piece of what a tool shows of its work. Told as it happens: it is no part of the result. */
  | {
      readonly type: 'tool.output'
      readonly step: number
      readonly tool: string
      readonly callId?: string
      readonly attempt: number
      readonly offset: number
      readonly text: string
    }
  | {
      readonly type: 'tool.finished'
      readonly step: number
      readonly tool: string
      readonly callId?: string
      readonly ok: boolean
      readonly result?: Json
      readonly error?: ErrorData
      readonly durationMs: number
    }
  | {
      readonly type: 'progress'
      readonly turn?: number
      readonly maxTurns?: number
      readonly tokens: number
      /** Pico-dollars spent so far, as text. */
      readonly picoDollars: string
      readonly message?: string
      readonly fraction?: number
      readonly details?: JsonObject
    }
  /** A call of a provider was booked. */
  | {
      readonly type: 'cost'
      readonly step: number
      readonly call: string
      /** `provider:model` as it was asked for. */
      readonly target: string
      readonly outcome: CallOutcome
      readonly status: CallCost['status']
      /** What it cost, as text; null without a price. */
      readonly picoDollars: string | null
      /** All calls of this run so far, as text. */
      readonly spent: string
    }
  /** A call waits in a queue for `what`; without, it goes on. Told as it happens, and to nobody who comes later. */
  | { readonly type: 'waiting'; readonly step: number; readonly attempt: number; readonly what?: string }
  | { readonly type: 'partial'; readonly value: Json }
  | { readonly type: 'error'; readonly error: ErrorData; readonly isFinal: boolean }
  | { readonly type: 'final'; readonly result: Json }

/** Where a stream begins. */
export interface StreamOptions {
  /** The cursor of the last event that was seen; without, from the beginning. */
  readonly after?: string
  readonly signal?: AbortSignal
}

/** A way to one run. Cheap; any number may exist. */
export interface RunHandle<O = Json> {
  readonly runId: RunId
  /** Resolves when the run has ended, however it ended. Abort leaves the run as it is. */
  result(options?: { signal?: AbortSignal }): Promise<RunRecord<O>>
  /** The record as of now. */
  record(): Promise<RunRecord<O>>
  events(options?: { afterSeq?: number; signal?: AbortSignal }): AsyncIterable<LogEvent>
  stream(options?: StreamOptions): AsyncIterable<StreamEvent>
  textStream(options?: StreamOptions): AsyncIterable<string>
  toolStream(options?: StreamOptions): AsyncIterable<Extract<StreamEvent, { type: `tool.${string}` }>>
  /** Durable when it resolves. */
  signal(name: string, value: Json, deliveryId?: string): Promise<void>
  cancel(reason: string): Promise<void>
  /** Decides a step whose outcome is unknown. */
  resolve(step: number, resolution: Resolution): Promise<void>
}

/** How an engine stops. */
export interface StopOptions {
  /** How long bodies in flight may go on; 10,000 ms unless said. */
  readonly graceMs?: number
  /** How long bodies that must not be repeated may go on; 60,000 ms unless said. */
  readonly hardLimitMs?: number
}

/** Who drives runs. */
export interface Engine {
  /** Makes definitions, and those they use, known. `definition.duplicate` for another one of the same key. */
  register(...definitions: readonly AnyDefinition[]): void
  /** Resolves when the start is durable. The input is validated first (`input.invalid`). */
  start<I, O>(definition: Definition<I, O> | string, input: I, options?: StartOptions): Promise<RunHandle<O>>
  /** Throws nothing for an unknown run: the first use of the handle rejects with `run.not_found`. */
  handle(runId: RunId, scope?: Scope): RunHandle
  runs(filter?: RunFilter, scope?: Scope): Promise<readonly RunSummary[]>
  /** Lets a failed or cancelled run go on from where its end began, with raised limits. `run.not_resumable` else. */
  resume(runId: RunId, limits?: Partial<RunLimits>, scope?: Scope): Promise<RunHandle>
  /** Takes no new work, lets steps end within the grace time, gives leases back. The rest can be resumed. */
  stop(options?: StopOptions): Promise<void>
}
