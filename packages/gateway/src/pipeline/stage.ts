import {
  noUsage,
  type CallAccount,
  type CallEntry,
  type ModelCall,
  type ModelRequest,
  type ModelResponse,
} from '@meepo/core'

import { fingerprint, type Fingerprint } from '../books/facts.ts'

/**
 * An answer with the line of the books that paid for it, so that whoever answers from a copy can say what that saved.
 * `id` is the id of that line.
 */
export interface Answered {
  readonly response: ModelResponse
  readonly id: string
  readonly entry: CallEntry
}

/** Answers a logical call, or rejects with a `model.*`, `limit.*`, `budget.*` or `task.*` code. */
export type Handle = (call: GatewayCall) => Promise<Answered>

/**
 * One part of the pipeline. It answers by itself, or hands the call on, at most once at a time. Who answers by itself
 * books a line of its own (`call.nextId()`, `call.account.settle`); everything behind it books its own sends.
 */
export type Stage = (call: GatewayCall, next: Handle) => Promise<Answered>

/** What a stage may replace before it hands a call on. */
export interface CallChange {
  readonly signal?: AbortSignal
  readonly onText?: ((delta: string) => void) | undefined
  readonly onReset?: (() => void) | undefined
}

/** One logical call on its way through the gateway. Several sends may serve it. */
export class GatewayCall {
  /** What was asked for: `provider:model`, an alias or the name of a route. */
  readonly name: string
  readonly request: ModelRequest
  /** As it came: a view of an attempt, never spread or copied. Signal and watcher are the ones below. */
  readonly origin: ModelCall
  readonly account: CallAccount
  readonly onText: ((delta: string) => void) | undefined
  /** Tells the watcher that the text so far is void. Absent: it cannot be taken back. */
  readonly onReset: (() => void) | undefined
  readonly #signal: AbortSignal | undefined
  readonly #ids: { next: number; fingerprint?: Fingerprint }

  constructor(name: string, request: ModelRequest, origin: ModelCall, change: CallChange = {}, from?: GatewayCall) {
    this.name = name
    this.request = request
    this.origin = origin
    this.account = origin.account ?? nobody
    this.onText = 'onText' in change ? change.onText : (from?.onText ?? origin.onText)
    this.onReset = 'onReset' in change ? change.onReset : (from?.onReset ?? origin.onReset)
    this.#signal = change.signal ?? from?.signal
    // Copies hand out ids of the same row: each is used once.
    this.#ids = from ? from.#ids : { next: 1 }
  }

  get signal(): AbortSignal {
    return this.#signal ?? this.origin.signal
  }

  /** The same call with another watcher or signal. */
  with(change: CallChange): GatewayCall {
    return new GatewayCall(this.name, this.request, this.origin, change, this)
  }

  /** The id of the next line in the books: `ATTEMPT.1`, `ATTEMPT.2` … */
  nextId(): string {
    return `${this.origin.attemptId}.${this.#ids.next++}`
  }

  /** Computed once, when somebody asks. */
  get fingerprint(): Fingerprint {
    return (this.#ids.fingerprint ??= fingerprint(this.account.tenant, this.request))
  }
}

/** Puts stages in front of what answers in the end. */
export function compose(stages: readonly Stage[], last: Handle): Handle {
  return stages.reduceRight<Handle>((next, stage) => (call) => stage(call, next), last)
}

/** Who pays when nobody keeps books. */
const nobody: CallAccount = {
  tenant: '',
  scopes: [],
  open: ({ picoDollars }) => Promise.resolve({ kind: 'granted', picoDollars }),
  settle: () => {},
  waiting: () => {},
}

/** A line for an answer that cost nothing because it was there already. `paid` is the line that paid for it. */
export function freeEntry(
  outcome: 'cached' | 'shared',
  paid: Answered,
  times: { readonly startedAt: number; readonly durationMs: number },
): CallEntry {
  const { target, model, cost } = paid.entry
  return {
    target,
    ...(model === undefined ? {} : { model }),
    outcome,
    cost: {
      status: 'zero',
      picoDollars: '0',
      ...(cost.picoDollars === null ? {} : { savedPicoDollars: cost.picoDollars }),
      ...(cost.card === undefined ? {} : { card: cost.card }),
    },
    usage: noUsage,
    ...times,
    try: 1,
    facts: { paidBy: paid.id },
  }
}
