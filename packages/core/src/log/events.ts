import type { CallEntry } from '../base/call-entry.ts'
import type { ErrorData } from '../base/errors.ts'
import type { RunId, TenantId } from '../base/ids.ts'
import type { Json, JsonObject } from '../base/json.ts'
import type { Usage } from '../base/usage.ts'

/** A value too large for the log, kept in the tenant's blobs under its SHA-256. */
export interface BlobRef {
  readonly blob: string
  readonly bytes: number
}

/** A result in the log: inline, or a reference when it is larger than 256 KB. */
export type Stored = { readonly value: Json } | { readonly ref: BlobRef }

/** Where in its parent a child run hangs. */
export interface ParentLink {
  readonly runId: RunId
  /** The number of the parent's child task. */
  readonly number: number
  readonly childId: string
}

/** What repeating a step would do. */
export type Effect = 'read' | 'idempotent' | 'once' | 'irreversible'

/** What a step is for; the timeline, the record and the stream are made of it. */
export interface StepMeta {
  readonly kind?: 'model' | 'tool' | 'task'
  readonly tool?: string
  readonly callId?: string
  readonly model?: string
  readonly turn?: number
  readonly maxTurns?: number
  readonly task?: string
  /** The agent that speaks, where it is another one than the run was started with: its calls are charged to it. */
  readonly agent?: string
}

/** What a step did not have to do, because the result was known or somebody else was getting it. */
export interface Saving {
  readonly from: 'cache'
  /** How long the work took that gave the result. */
  readonly ms: number
  /** What it cost, in pico-dollars as text; absent for what costs nothing. */
  readonly picoDollars?: string
}

/** How an unknown step was decided, and by whom. */
export type Resolution =
  | { readonly kind: 'done'; readonly result: Json }
  | { readonly kind: 'not_done' }
  | { readonly kind: 'fail'; readonly error: ErrorData }

/** How far a run may go. A child inherits them; they are narrowed, never widened. */
export interface RunLimits {
  /** Time with open bodies; waits for people, dates and children do not count. */
  readonly activeMs: number
  /** Milliseconds since 1970, waits included. */
  readonly deadlineAt?: number
  /** Model turns of an agent. */
  readonly maxTurns?: number
  /** What the run and everything below it may cost, in pico-dollars as text. */
  readonly picoDollars?: string
  /**
   * A call of a model without a price: `deny` refuses it, `assume_ceiling` charges what the dearest model would cost,
   * `allow_flagged` lets it go and counts it as unpriced. `deny` where somebody asked for an amount, unless said; absent
   * where the amount is one that nobody asked for, which lets such calls go.
   */
  readonly unpriced?: 'deny' | 'assume_ceiling' | 'allow_flagged'
}

/** What the end of a run without success leaves behind. */
export interface Ending {
  /** Steps that must not be repeated and whose outcome nobody knows. */
  readonly unknownSteps: readonly number[]
  /** The last event before the ending began: a resume replays up to it. */
  readonly resumeAfter: number
}

/** A reopening that takes back what came of refusals by budgets. */
export interface Rewind {
  /** The seq of the first failure that is undone: what the code did since then does not count. */
  readonly before: number
  /** Numbers of tasks go on behind this one. */
  readonly number: number
  /** Children whose failure is undone as well, and the last seq of each: they are reopened when they are asked for. */
  readonly children: { readonly [childRunId: string]: number }
}

/** Which points of a run become checkpoints, and what the run waits for before it goes on. */
export interface CheckpointPolicy {
  /**
   * `step`: every outcome that the code was told of; `tool`: those of tools and child runs; `turn`: the end of each turn of
   * an agent. The next step begins only when the point is durable.
   */
  readonly every: 'step' | 'tool' | 'turn'
}

/** How a run ends. */
export type RunEnd =
  | { readonly kind: 'completed'; readonly result: Stored }
  | { readonly kind: 'failed'; readonly error: ErrorData }
  | { readonly kind: 'cancelled'; readonly reason: string }

/** Why a run was asked to end. */
export type CancelSource = 'caller' | 'parent' | 'operator'

/**
 * Every event type and its data, version 1. A type is never edited: a change is a new version
 * (`step.completed@2`), an upcaster in `versions.ts` and a golden log in `fixtures/log`.
 * `number` counts calls of the run context; it is not the event's `seq`.
 */
export interface EventData {
  readonly 'run.created': {
    readonly definition: string
    readonly version: string
    readonly input: Stored
    readonly tenant: TenantId
    readonly sessionId: string
    readonly actor?: string
    readonly parent?: ParentLink
    readonly limits: RunLimits
    readonly priority: number
    /** Whom its calls are charged to, widest first. Absent in logs from before there were budgets. */
    readonly scopes?: readonly string[]
    /** Where nobody asked for one: every outcome is a checkpoint once it is durable, and nothing waits for that. */
    readonly checkpoints?: CheckpointPolicy
  }
  readonly 'run.started': { readonly seed: string; readonly patches: readonly string[] }
  readonly 'run.continued': {
    readonly state: Stored
    readonly seed: string
    readonly patches: readonly string[]
  }
  readonly 'run.cancel_requested': {
    readonly source: CancelSource
    readonly reason: string
    readonly deliveryId?: string
  }
  /** The end began, and open tasks are still being cancelled: no code of the run sees what comes after it. */
  readonly 'run.ending': { readonly end: RunEnd }
  readonly 'run.completed': { readonly result: Stored }
  readonly 'run.failed': { readonly error: ErrorData } & Ending
  readonly 'run.cancelled': { readonly reason: string } & Ending
  /** An ended run goes on, with other limits: what lies between `resumeAfter` of its end and here does not count. */
  readonly 'run.reopened': {
    readonly limits: Partial<RunLimits>
    readonly by: string
    /** Mail that came too late for the end and must not be read after it: cancels, and news of children. */
    readonly voidMail?: readonly string[]
    readonly rewind?: Rewind
  }

  /**
   * Everything before it was copied from another run: this one shares its past up to there, and nothing else. Limits,
   * chance, money and the outcomes of open tasks are its own from here on.
   */
  readonly 'run.forked': {
    readonly from: { readonly runId: RunId; readonly seq: number }
    readonly seed: string
    readonly limits: RunLimits
  }

  /** The intent. Attempt 1 begins with it. */
  readonly 'step.started': {
    readonly number: number
    readonly name: string
    readonly effect: Effect
    readonly meta?: StepMeta
  }
  /** Attempt 2 and later, after a retry delay, a crash or a decision. */
  readonly 'attempt.started': { readonly number: number; readonly attempt: number }
  readonly 'attempt.failed': {
    readonly number: number
    readonly attempt: number
    readonly error: ErrorData
    readonly retryAt: number
    readonly usage?: Usage
  }
  readonly 'step.completed': {
    readonly number: number
    readonly attempt: number
    readonly result: Stored
    readonly durationMs: number
    readonly usage?: Usage
    readonly saved?: Saving
  }
  readonly 'step.failed': {
    readonly number: number
    readonly attempt: number
    readonly error: ErrorData
    readonly durationMs: number
    readonly usage?: Usage
  }
  readonly 'step.unknown': { readonly number: number; readonly attempt: number; readonly error: ErrorData }
  readonly 'step.resolved': {
    readonly number: number
    readonly resolution: Resolution
    readonly by: 'reconcile' | 'operator'
    readonly deliveryId?: string
  }

  /** A call of a provider is about to leave an attempt; its reservation is written together with it. */
  readonly 'call.started': {
    readonly number: number
    readonly attempt: number
    readonly call: string
    readonly target: string
    /** Asked for, in pico-dollars as text; null without a price. */
    readonly picoDollars: string | null
    /** Which try of the logical call, from 1. */
    readonly try: number
    /** Which credential, by its label. */
    readonly key?: string
    /** How long the attempt waited in queues before it: no active time. */
    readonly waitedMs?: number
  }
  /** What became of a call; its line of the ledger is written together with it. */
  readonly 'call.settled': {
    readonly number: number
    readonly attempt: number
    readonly call: string
    readonly entry: CallEntry
  }

  readonly 'sleep.started': { readonly number: number; readonly until: number }
  readonly 'sleep.completed': { readonly number: number }

  readonly 'signal.awaited': { readonly number: number; readonly name: string; readonly timeoutAt?: number }
  /** Moved from the inbox into the log; may come before anybody awaits it. */
  readonly 'signal.received': { readonly name: string; readonly value: Stored; readonly deliveryId: string }
  readonly 'signal.completed': { readonly number: number; readonly name: string }
  readonly 'signal.timed_out': { readonly number: number }

  readonly 'child.started': {
    readonly number: number
    readonly childId: string
    readonly childRunId: RunId
    readonly definition: string
    readonly version: string
    readonly inputHash: string
  }
  readonly 'child.completed': { readonly number: number; readonly result: Stored }
  readonly 'child.failed': { readonly number: number; readonly error: ErrorData }

  /** A step, sleep, signal or child ended because the run, or its own code, no longer wants it. */
  readonly 'task.cancelled': { readonly number: number; readonly reason: string }

  readonly 'progress.reported': {
    readonly message?: string
    readonly fraction?: number
    readonly partial?: Json
    readonly details?: JsonObject
  }
}

/** The name of an event: past tense with a dot. */
export type EventType = keyof EventData

/** An event before the store gave it a place. */
export type NewEvent = {
  readonly [T in EventType]: { readonly type: T; readonly at: number; readonly data: EventData[T] }
}[EventType]

/** One fact in the log of a run. `seq` counts from 1 without gaps. */
export type LogEvent = {
  readonly [T in EventType]: {
    readonly seq: number
    readonly type: T
    readonly at: number
    readonly data: EventData[T]
  }
}[EventType]

/** The events that end a run. */
export type TerminalType = 'run.completed' | 'run.failed' | 'run.cancelled'

/** True for the event that ends a run. */
export function isTerminal<E extends { readonly type: EventType }>(
  event: E,
): event is Extract<E, { readonly type: TerminalType }> {
  return event.type === 'run.completed' || event.type === 'run.failed' || event.type === 'run.cancelled'
}
