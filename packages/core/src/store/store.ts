import type { Counters } from '../admission/limits/counters.ts'
import type { HealthBoard } from '../admission/health.ts'
import type { Grant, Reservation, Settlement } from '../admission/money.ts'
import type { EngineId, RunId, Scope, TenantId } from '../base/ids.ts'
import type { Json } from '../base/json.ts'
import type { LogEvent, NewEvent, ParentLink } from '../log/events.ts'
import type { LedgerEntry, Money } from './money.ts'

/** What everybody may know about a run without reading its log. Kept by the store with each append. */
export interface RunSummary {
  readonly runId: RunId
  readonly tenant: TenantId
  readonly definition: string
  readonly version: string
  readonly sessionId: string
  readonly parent?: ParentLink
  readonly status: RunStatus
  readonly priority: number
  readonly deadlineAt?: number
  /** It counts as a workflow; see {@link NewRun.isWorkflow}. */
  readonly isWorkflow?: true
  readonly createdAt: number
  readonly endedAt?: number
  /** The seq of the last event. */
  readonly lastSeq: number
  /** The engine that drives it now. */
  readonly owner?: EngineId
}

/**
 * `queued`: nobody drives it yet, or it was interrupted. `running`: an engine owns it. `waiting`: evicted, until
 * mail comes or its wake time passes. The other three are final.
 */
export type RunStatus = 'queued' | 'running' | 'waiting' | 'completed' | 'failed' | 'cancelled'

/** A run to be. */
export interface NewRun {
  readonly runId: RunId
  readonly tenant: TenantId
  readonly definition: string
  readonly version: string
  readonly sessionId: string
  readonly parent?: ParentLink
  readonly priority: number
  readonly deadlineAt?: number
  /** How much the run and everything below it may cost: the store's limit of the account `run:ID`. Pico-dollars as text. */
  readonly picoDollars?: string
  /** It takes a place among the workflows while it runs; see {@link Leases.claim}. */
  readonly isWorkflow?: true
  /** Equal for equal definition, version and input: tells a repeated start from another one. */
  readonly fingerprint: string
}

/** `created`: with the epoch of its owner when one was given (1: the first owner). `exists`: the same start came before. */
export type Created = { readonly kind: 'created'; readonly epoch: number } | { readonly kind: 'exists' }

/** Something from outside for a run, on its way into the log. */
export interface Delivery {
  /** Chosen by the sender; the same id is delivered once. */
  readonly id: string
  readonly kind: 'signal' | 'cancel' | 'child' | 'resolve'
  /** Of a signal: its name. At most one value per run and name. */
  readonly name?: string
  readonly data: Json
}

/** A pending delivery as the owner of the run reads it, in order of arrival. */
export interface Mail extends Delivery {
  readonly runId: RunId
}

/** What is written together with events, all or nothing. */
export interface AppendExtras {
  /** Mail that these events took over; it leaves the inbox. */
  readonly inboxTaken?: readonly string[]
  /** With a child's terminal event: the news for its parent. Dropped when the parent has ended or is gone. */
  readonly deliver?: { readonly runId: RunId; readonly delivery: Delivery }
  /** Granted or refused one by one: the events are written in any case, and a refusal changes no balance. */
  readonly reserve?: readonly Reservation[]
  readonly settle?: readonly Settlement[]
  readonly ledger?: readonly LedgerEntry[]
}

/** Events for the log of one run by its owner. The store may keep them: nobody changes them after the call. */
export interface AppendRequest {
  readonly runId: RunId
  readonly epoch: number
  /** The seq of the last event that the writer knows; the first new one gets the next. */
  readonly expectedSeq: number
  readonly events: readonly NewEvent[]
  readonly extras?: AppendExtras
}

/** A run as an engine has it. */
export interface DrivenRun {
  readonly runId: RunId
  readonly epoch: number
}

/** Which runs to list. All conditions must hold. Newest first. */
export interface RunFilter {
  readonly status?: readonly RunStatus[]
  readonly definition?: string
  readonly parent?: RunId
  readonly limit?: number
  /** Continue behind this run. */
  readonly before?: RunId
}

/** Which trees of runs to remove: those of which the root has all of this, and every other member ended as well. */
export interface PruneOptions {
  /** The name of the definition, of any version. */
  readonly definition: string
  readonly statuses: readonly ('completed' | 'failed' | 'cancelled')[]
  /** Milliseconds since 1970. */
  readonly endedBefore: number
  /** So many trees at most; those that ended first go first. */
  readonly limit: number
  /** Only these roots. */
  readonly runs?: readonly RunId[]
}

/** An event of any run, in the order in which they became durable. */
export interface TailEvent {
  /** Continue behind it with `after`. */
  readonly cursor: number
  readonly runId: RunId
  readonly event: LogEvent
}

/**
 * The logs. An append is durable when its promise resolves, and refused whole when it rejects:
 * `store.fenced` (another owner), `store.sequence_conflict`, `run.ended`, `store.disk_full`, `store.failed`.
 * A refused append changes nothing and touches no other run. Appends of one run take effect in call order.
 */
export interface Log {
  /**
   * Creates a run with its first events. With `owner`, the run starts out owned by that engine (which must have
   * joined); without, it is queued. The same run id with the same fingerprint is `exists`, with another `run.exists`.
   */
  create(scope: Scope, run: NewRun, events: readonly NewEvent[], owner?: EngineId): Promise<Created>
  /** Resolves with one grant per reservation of the request, in its order; with nothing when there was none. */
  append(scope: Scope, request: AppendRequest): Promise<readonly Grant[] | undefined>
  /**
   * Puts a failed or cancelled run back into the queue with `event` behind its last one; the epoch rises. A limit of money
   * in it (`limits.picoDollars`) becomes that of the account `run:ID`.
   * Rejects with `run.not_resumable` for a run that completed or has not ended. With `by`, the run that wants it back, it
   * rejects with `store.fenced` unless that one is owned under this epoch.
   */
  reopen(scope: Scope, runId: RunId, event: NewEvent, by?: DrivenRun): Promise<void>
  /** Events behind `afterSeq` in order; `run.not_found` for a run of another tenant or of nobody. */
  read(scope: Scope, runId: RunId, afterSeq?: number): Promise<readonly LogEvent[]>
  /**
   * Durable events behind `afterSeq`, then new ones as they become durable. Ends on abort, or after an end that no reopening
   * follows. A run that is removed before that was told makes it throw `run.not_found`.
   */
  follow(scope: Scope, runId: RunId, options: { afterSeq?: number; signal?: AbortSignal }): AsyncIterable<LogEvent>
  /** The same for all runs of the scope. Ends on abort only. */
  followAll(scope: Scope, options: { after?: number; signal?: AbortSignal }): AsyncIterable<TailEvent>
  run(scope: Scope, runId: RunId): Promise<RunSummary>
  runs(scope: Scope, filter?: RunFilter): Promise<readonly RunSummary[]>
  /**
   * Removes runs that ended before `endedBefore` (milliseconds since 1970) with everything that hangs on them, and
   * blobs that nothing names any more: lines of the ledger and accounts of a run too, while sums of costs stay. A tree goes
   * only as a whole. Returns how many runs went.
   */
  forget(scope: Scope, endedBefore: number): Promise<number>
  /**
   * Retention: removes trees of runs by definition, a bounded number in each transaction and every tree in one. A run with a
   * parent goes only with it, and one of which a call is still open in the books stays. Logs, mail, the accounts of the runs
   * themselves and blobs that nothing names any more go; lines of the ledger stay, without their run, as do sums and all other
   * balances. A removed run is `run.not_found`, and its id is free: a start with it is a new run. Lines of the old one that
   * are in the way of the new one's get ids that end in `~` and their cursor. Returns how many runs went: those of whole trees,
   * so no fewer than trees. May be called by several processes at a time.
   */
  prune(scope: Scope, options: PruneOptions): Promise<number>
  /** The roots that {@link Log.prune} would look at, in its order: to copy them before they go. */
  prunable(scope: Scope, options: PruneOptions): Promise<readonly RunId[]>
  /**
   * All runs that are charged to `charged` (`user:ann`, `tag:customer=7`), oldest first. Reads the first event of every run:
   * for what is done rarely.
   */
  chargedTo(scope: Scope, charged: string): Promise<readonly RunId[]>
}

/** A run that an engine now owns. */
export interface Claim {
  readonly runId: RunId
  readonly epoch: number
  readonly tenant: TenantId
  readonly definition: string
  readonly version: string
  readonly priority: number
  readonly deadlineAt?: number
}

/** A run that waits for code that nobody has. */
export type Orphan = Pick<Claim, 'runId' | 'tenant' | 'epoch'>

/** What an engine takes. */
export interface ClaimOptions {
  readonly limit: number
  readonly definitions: readonly string[]
  readonly maxWorkflows?: number
}

/** What changed for one engine since it was last told. May name runs too often, never too rarely. */
export interface Change {
  /** Runs of this engine that have mail. */
  readonly mail: readonly RunId[]
  /** There may be something to claim. */
  readonly claimable: boolean
}

/**
 * Who drives which run. An engine is alive while its beat changes; whoever saw a beat stand still long enough takes
 * over its runs. No clock is compared, so neither a jump of the clock nor a laptop that slept makes a live engine
 * look dead. Every change of owner raises the run's epoch, and the log refuses appends of an older one.
 */
export interface Leases {
  /** Registers a new engine id. */
  join(engine: EngineId): Promise<void>
  /**
   * What the engine owns by the store's word, as it would claim it: runs too whose claim or creation it was never told of,
   * because the answer got lost.
   */
  owned(engine: EngineId): Promise<readonly Claim[]>
  /** Says what an engine that joined can run, `name@version`, in place of what it said before. Changes nothing for any other. */
  offer(engine: EngineId, definitions: readonly string[]): Promise<void>
  /** What engines that joined can run: each `name@version` once. */
  offered(): Promise<readonly string[]>
  /**
   * Runs that were asked to cancel, that could be claimed, and of which no engine that joined offers the definition: nobody's
   * code will end them. Oldest first.
   */
  orphans(limit: number): Promise<readonly Orphan[]>
  /**
   * Takes a run that could be claimed, whatever its definition: to end it. A workflow needs no place for that any more.
   * Undefined when somebody had it since it was under this epoch: what was read of it then is no longer so.
   */
  adopt(engine: EngineId, runId: RunId, epoch: number): Promise<Claim | undefined>
  /** Raises the engine's beat. False when others took over: nothing that this engine owned is its own any more. */
  beat(engine: EngineId): Promise<boolean>
  engines(): Promise<readonly { readonly engine: EngineId; readonly beat: number }[]>
  /** Frees all runs of an engine whose beat still is `beat`, and removes it. Returns how many runs were freed. */
  takeOver(engine: EngineId, beat: number): Promise<number>
  /**
   * Takes up to `limit` runs that are queued, or waiting with mail or a passed wake time (by the store's clock),
   * highest priority first, then earliest deadline, then oldest. Only of `definitions` (`name@version`).
   *
   * A workflow takes a place when it is claimed, or created with an owner, and gives it back when it ends, is freed, or is
   * released, unless {@link Release.keepsPlace} says that it goes on holding it. With `maxWorkflows`, a workflow without a
   * place is taken only while fewer than so many are held, on the whole store; the others are passed over. One that was told
   * to cancel while it held none needs none any more, until it is reopened: all that is left for it is to end.
   */
  claim(engine: EngineId, options: ClaimOptions): Promise<readonly Claim[]>
  /**
   * Takes one run from whoever owns it under this epoch; the epoch rises, so the old owner is fenced. A place that it holds
   * goes with it. Undefined when nobody owns it under this epoch any more: it was taken before, given back, or has ended.
   */
  take(engine: EngineId, runId: RunId, epoch: number): Promise<Claim | undefined>
  /**
   * Gives runs back. `waiting` sleeps until mail or `wakeAt` (milliseconds since 1970); mail that came meanwhile makes
   * it claimable at once. A release with an old epoch is ignored.
   */
  release(engine: EngineId, runs: readonly Release[]): Promise<void>
  /** The earliest wake time of all waiting runs. */
  nextWakeAt(): Promise<number | undefined>
  /**
   * Calls back after changes, also those of other processes, until stopped. The callback must not throw. With `maxWorkflows`,
   * workflows that could not be claimed under it are nothing to claim; a place that becomes free is a change.
   */
  watch(engine: EngineId, onChange: (change: Change) => void, options?: { readonly maxWorkflows?: number }): () => void
  /** Removes the engine after it released its runs. Runs that it still owns become queued. */
  leave(engine: EngineId): Promise<void>
}

/** A run that its owner gives back. */
export interface Release {
  readonly runId: RunId
  readonly epoch: number
  readonly status: 'queued' | 'waiting'
  readonly wakeAt?: number
  /** Of a workflow that waits: it holds its place meanwhile. */
  readonly keepsPlace?: true
}

/** What comes from outside. */
export interface Inbox {
  /**
   * Durable when it resolves. `duplicate`: this id, or a signal of this name with an equal value, came before.
   * Rejects with `run.not_found`, `run.ended`, or `signal.conflict` for a signal of this name with another value.
   */
  deliver(scope: Scope, runId: RunId, delivery: Delivery): Promise<'accepted' | 'duplicate'>
  /** What waits for the run, in order of arrival. */
  pending(scope: Scope, runId: RunId): Promise<readonly Mail[]>
}

/** Large values, addressed by their SHA-256 inside a tenant. */
export interface Blobs {
  /** Durable when it resolves. The same text twice is stored once. */
  put(scope: { readonly tenant: TenantId }, id: string, text: string): Promise<void>
  /** Rejects with `store.failed` when there is none in this tenant. */
  get(scope: { readonly tenant: TenantId }, id: string): Promise<string>
}

/** Durable state, composed of small roles. */
export interface Store {
  readonly log: Log
  readonly leases: Leases
  readonly inbox: Inbox
  readonly blobs: Blobs
  readonly money: Money
  readonly counters: Counters
  readonly health: HealthBoard
  /** Waits for writes under way, then closes. Later calls reject with `store.closed`. */
  close(): Promise<void>
}
