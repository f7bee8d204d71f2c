import type { Buckets } from '../invoice/buckets.ts'
import type { Route } from '../wire/wire.ts'

/** One request as the invoice knows it. Written when the request has arrived, completed when it is over. */
export interface JournalEntry {
  readonly number: number
  /** The caller's name for this try, from the header `x-meepo-attempt-id`; in a batch, the item's `custom_id` or key. */
  readonly attemptId?: string
  /** From the header `idempotency-key`. */
  readonly idempotencyKey?: string
  /** The virtual provider; `default` for the one without a path prefix. Missing in files of earlier versions only. */
  readonly provider?: string
  readonly path: string
  /** Missing for a path that is none of a model's. */
  readonly route?: Route
  /** The name of the key; missing when none was sent. */
  readonly key?: string
  /** The model that was asked for; missing when the request names none. */
  readonly model?: string
  /** The batch that this item belongs to. */
  readonly batchId?: string
  /** The parsed body; `null` when it was no JSON. */
  readonly body: unknown
  /** Milliseconds since 1970, like every time here. */
  readonly startedAt: number
  /** When the first chunk of a stream, or the whole answer, was handed to the socket. */
  readonly firstChunkAt?: number
  /** Missing while the request is open. For one that was `aborted`: when that was seen. */
  readonly endedAt?: number
  /** Missing when no status was sent: still open, hung, reset, or the client left first. */
  readonly status?: number
  /** What is charged, cached input included; 0 unless billed. */
  readonly inputTokens: number
  /** What is charged, reasoning included; 0 unless billed. */
  readonly outputTokens: number
  /** The same tokens, each in one bucket. Missing unless billed. */
  readonly buckets?: Buckets
  /** The model and the tier that are charged. Missing unless billed. */
  readonly servedModel?: string
  readonly serviceTier?: string
  /** The amount in integer pico-dollars. Missing unless billed, and when the price table has no price for it. */
  readonly amountPico?: string
  /**
   * True once the model has answered, whoever still listens. A stream that was cut or abandoned is charged for its input
   * and for the output that was sent; an answer in one piece is charged in full.
   */
  readonly billed: boolean
  /** The client left before the answer was complete. */
  readonly aborted: boolean
  /** The kind of fault that the script asked for, `limited`, or the code of the simulator's own error. */
  readonly fault?: string
}

/** What is known when a request arrives. */
export type Arrival = Pick<
  JournalEntry,
  'path' | 'body' | 'attemptId' | 'idempotencyKey' | 'model' | 'provider' | 'route' | 'key' | 'batchId'
>

/** What is known when a request is over. */
export type Outcome = Pick<
  JournalEntry,
  | 'status'
  | 'firstChunkAt'
  | 'inputTokens'
  | 'outputTokens'
  | 'buckets'
  | 'servedModel'
  | 'serviceTier'
  | 'amountPico'
  | 'billed'
  | 'aborted'
  | 'fault'
>

/** Sums over all requests since the start, also over entries that a bounded journal has dropped. */
export interface JournalTotals {
  readonly requests: number
  /** Requests that are not over. */
  readonly open: number
  readonly billed: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** The sum of all amounts, in integer pico-dollars. */
  readonly amountPico: string
}
