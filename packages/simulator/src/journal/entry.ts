/** One request as the invoice knows it. Written when the request has arrived, completed when it is over. */
export interface JournalEntry {
  readonly number: number
  /** The caller's name for this try, from the header `x-meepo-attempt-id`. */
  readonly attemptId?: string
  /** From the header `idempotency-key`. */
  readonly idempotencyKey?: string
  readonly path: string
  /** Missing when the body names none. */
  readonly model?: string
  /** The parsed body; `null` when it was no JSON. */
  readonly body: unknown
  /** Milliseconds since 1970, like every time here. */
  readonly startedAt: number
  /** When the first chunk of a stream, or the whole answer, was handed to the socket. */
  readonly firstChunkAt?: number
  /** Missing while the request is open. */
  readonly endedAt?: number
  /** Missing when no status was sent: still open, hung, reset, or the client left first. */
  readonly status?: number
  /** What is charged; 0 unless billed. */
  readonly inputTokens: number
  readonly outputTokens: number
  /**
   * True once the model has answered, whoever still listens. A stream that was cut or abandoned is charged for its input
   * and for the output that was sent; an answer in one piece is charged in full.
   */
  readonly billed: boolean
  /** The client left before the answer was complete. */
  readonly aborted: boolean
  /** The kind of fault that the script asked for, or the code of the simulator's own error. */
  readonly fault?: string
}

/** What is known when a request arrives. */
export type Arrival = Pick<JournalEntry, 'path' | 'body' | 'attemptId' | 'idempotencyKey' | 'model'>

/** What is known when a request is over. */
export type Outcome = Pick<
  JournalEntry,
  'status' | 'firstChunkAt' | 'inputTokens' | 'outputTokens' | 'billed' | 'aborted' | 'fault'
>

/** Sums over all requests since the start, also over entries that a bounded journal has dropped. */
export interface JournalTotals {
  readonly requests: number
  /** Requests that are not over. */
  readonly open: number
  readonly billed: number
  readonly inputTokens: number
  readonly outputTokens: number
}
