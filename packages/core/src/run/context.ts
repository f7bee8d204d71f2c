import type { Json, JsonObject } from '../base/json.ts'
import type { Schema } from '../base/schema.ts'
import type { Effect, RunLimits, Saving, StepMeta } from '../log/events.ts'
import type { Usage } from '../base/usage.ts'
import type { CallAccount } from '../model/account.ts'
import type { Models } from '../model/model.ts'
import type { Definition } from './definition.ts'
import type { RetryPolicy } from './retry.ts'
import type { Settled, Task } from './task.ts'
import type { ToolHost } from './tool-host.ts'

/** How a step is to be treated. */
export interface StepOptions<T = unknown> {
  /**
   * What repeating the body would do. `read`: nothing. `idempotent`: nothing, given the same key. `once`,
   * `irreversible`: something that must not happen twice, so an uncertain outcome is `step.unknown`, never a retry.
   */
  readonly effect: Effect
  /** Retries after errors that say they are retryable. Three attempts unless said. */
  readonly retry?: RetryPolicy
  /** Per attempt. Aborts the attempt's signal; 600,000 ms unless said. */
  readonly timeoutMs?: number
  /** The body costs money: it waits for the log like a body with effects. */
  readonly isPaid?: boolean
  /**
   * Nothing leaves the body before {@link CallAccount.open} of its attempt resolved, which waits for the log itself: the
   * body begins at once, and its first call is announced in one write with the step.
   */
  readonly announcesCalls?: boolean
  /** Finds out what became of an attempt with an unknown outcome. May throw: then the run waits for a decision. */
  readonly reconcile?: (idempotencyKey: string, signal: AbortSignal) => Promise<Reconciled<T>>
  readonly meta?: StepMeta
}

/**
 * What `reconcile` found. `not_done` says that it did not happen and will not: the body runs again. Where a request may still
 * be on its way, as that of a process that stands still, the answer is `unknown`.
 */
export type Reconciled<T> =
  | { readonly kind: 'done'; readonly result: T }
  | { readonly kind: 'not_done' }
  | { readonly kind: 'unknown' }

/** One try of a step. All that a body may use; it must never touch the run context. */
export interface Attempt {
  /** Unique per try: `RUN/NUMBER/ATTEMPT`. */
  readonly id: string
  /** The same for all tries of this step, in all processes. */
  readonly idempotencyKey: string
  /** Counts from 1. */
  readonly count: number
  /** Aborted by timeout, cancel, deadline and drain. */
  readonly signal: AbortSignal
  readonly call: CallContext
  /** How many calls of providers earlier tries of this step sent that came to an end: not those a dead process left open. */
  readonly earlierTries: number
  /** Who pays for calls of providers: announces and books them. */
  readonly account: CallAccount
  /** Adds to what this attempt used; recorded with its outcome, also when it fails. */
  addUsage(usage: Usage): void
  /** The result came without the work: recorded with it. */
  saved(saving: Saving): void
  /** Sends text to whoever watches. Absent: nobody does. Must be called in order. */
  readonly preview?: ((delta: string) => void) | undefined
}

/** On whose behalf a body runs, and the ways out of the process it may use. */
export interface CallContext {
  readonly tenant: string
  readonly runId: string
  readonly sessionId: string
  readonly actor?: string
  /** The name of what is run. */
  readonly definition: string
  /** Whom calls are charged to, widest first. */
  readonly scopes: readonly string[]
  readonly priority: number
  /** Milliseconds since 1970. */
  readonly deadlineAt?: number
  readonly models: Models
  readonly tools: ToolHost
}

/** What a run tells about itself. */
export interface Progress {
  readonly message?: string
  /** 0 to 1. */
  readonly fraction?: number
  /** A part of the result that is already final. */
  readonly partial?: Json
  readonly details?: JsonObject
}

/** How long to wait for a signal, and what its value must look like. */
export interface SignalOptions<T> {
  /** Rejects with `signal.timeout` after it. Without: waits for ever. */
  readonly timeoutMs?: number
  readonly schema?: Schema<T>
}

/** What a child may not inherit as it is. Limits can only be narrowed. */
export interface ChildOptions {
  readonly priority?: number
  readonly limits?: Partial<RunLimits>
}

/** The only thing user code holds. Every call takes its number synchronously. */
export interface RunContext {
  readonly runId: string
  readonly sessionId: string
  readonly tenant: string
  readonly signal: AbortSignal
  /** For asking what a model is. It is called by the bodies of steps. */
  readonly models: Models
  /** Those of the start, narrowed by the parents, raised by a resume. */
  readonly limits: RunLimits
  /** About how many characters the results of this segment take in the log: tells when to end it. */
  readonly segmentSize: number
  /** One recorded unit of work: the body may run more than once, the result is durable once. */
  step<T>(name: string, options: StepOptions<T>, body: (attempt: Attempt) => Promise<T>): Task<T>
  sleep(ms: number): Task<void>
  /** Waits for approvals, webhooks, people. The value may have come before. Single assignment per name. */
  signalled<T = Json>(name: string, options?: SignalOptions<T>): Task<T>
  /** Starts a run below this one. The same child id with another definition or input is `child.conflict`. */
  child<I, O>(definition: Definition<I, O>, childId: string, input: I, options?: ChildOptions): Task<O>
  /** The first to be delivered; the others go on. The only select that replays. */
  race(tasks: readonly Task<unknown>[]): Promise<Settled>
  /** Ends a task: it rejects with `task.cancelled`. Resolves when its body has ended. */
  cancel(task: Task<unknown>, reason: string): Promise<void>
  /** Ends the segment: `run` is called again with `state`, and a resume starts there. No task may be open. */
  continueWith<S>(state: S): Promise<never>
  /** The time of the last delivered completion, milliseconds since 1970. */
  now(): number
  random(): number
  uuid(): string
  /** True if the code that started this segment already declared the patch. */
  patch(name: string): boolean
  report(progress: Progress): void
}
