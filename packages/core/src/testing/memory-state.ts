import { MeepoError } from '../base/errors.ts'
import type { EngineId, RunId, Scope, TenantId } from '../base/ids.ts'
import { isTerminal, type LogEvent, type NewEvent } from '../log/events.ts'
import type { Change, Mail, NewRun, RunStatus, RunSummary } from '../store/store.ts'
import { copyOf } from './copy-of.ts'
import type { MemoryAccounts } from './memory-accounts.ts'
import type { MemoryLedger } from './memory-ledger.ts'
import type { Heap, HeapItem } from '../base/heap.ts'

/** An event in its log and in the tail of all runs. */
export interface MemoryEvent {
  readonly cursor: number
  readonly run: MemoryRun
  readonly seq: number
  readonly type: NewEvent['type']
  readonly at: number
  readonly data: NewEvent['data']
}

/** One run with everything that hangs on it. Collections that most runs never use are made on first use. */
export interface MemoryRun extends HeapItem {
  readonly made: NewRun
  /** Counts creations: the age of the run. */
  readonly order: number
  readonly createdAt: number
  readonly events: MemoryEvent[]
  status: RunStatus
  endedAt: number | undefined
  epoch: number
  owner: MemoryEngine | undefined
  wakeAt: number | undefined
  /** Whether a workflow holds a place; undefined for others, and for one that is to be cancelled. */
  holdsPlace: boolean | undefined
  /** The heap in which the run lies while it waits to be claimed or woken. */
  heap: Heap<MemoryRun> | undefined
  mail: Map<string, Mail> | undefined
  /** The ids of all deliveries, also of those taken. */
  delivered: Set<string> | undefined
  /** The value of each signal by name, as canonical text. */
  signals: Map<string, string> | undefined
  followers: Set<() => void> | undefined
}

/** An engine that joined. */
export interface MemoryEngine {
  readonly id: EngineId
  readonly runs: Set<MemoryRun>
  beat: number
  /** `name@version` of what it can run. */
  offers: readonly string[]
}

/** Somebody who wants to know of changes for one engine. */
export interface Watcher {
  readonly onChange: (change: Change) => void
  readonly maxWorkflows: number | undefined
  readonly mail: Set<RunId>
  isClaimable: boolean
  isScheduled: boolean
  isStopped: boolean
}

/** A blob, and where the tail stood when it was last put. */
interface MemoryBlob {
  readonly text: string
  readonly putAt: number
}

/** Everything that one memory store holds. The roles are functions over it. */
export interface MemoryState {
  readonly now: () => number
  readonly runs: Map<RunId, MemoryRun>
  readonly engines: Map<EngineId, MemoryEngine>
  readonly watchers: Map<EngineId, Set<Watcher>>
  readonly blobs: Map<TenantId, Map<string, MemoryBlob>>
  readonly money: MemoryAccounts & MemoryLedger
  /** Runs that can be claimed, by `name@version`. */
  readonly claimable: Map<string, Heap<MemoryRun>>
  /** The same for workflows that must take a place first. */
  readonly claimableWorkflows: Map<string, Heap<MemoryRun>>
  placesHeld: number
  /** Waiting runs with a wake time and without mail. */
  readonly wakes: Heap<MemoryRun>
  readonly tailFollowers: Set<() => void>
  /** All events in the order of their appends; replaced when runs are forgotten. */
  tail: MemoryEvent[]
  lastCursor: number
  created: number
  isClosed: boolean
}

/** What every write that cannot fail any more resolves with. */
export const done: Promise<void> = Promise.resolve()

/** Refuses calls on a closed store. */
export function refuseClosed(state: MemoryState): void {
  if (state.isClosed) throw new MeepoError('store.closed', 'the memory store is closed')
}

/** The run, if the scope may see it. */
export function findRun(state: MemoryState, scope: Scope, runId: RunId): MemoryRun {
  refuseClosed(state)
  const run = state.runs.get(runId)
  if (run === undefined || !isInScope(run, scope)) throw new MeepoError('run.not_found', `there is no run ${runId}`)
  return run
}

/** Whether the scope may see the run. */
export function isInScope(run: MemoryRun, scope: Scope): boolean {
  return scope === 'system' || scope.tenant === run.made.tenant
}

/** Whether the run has ended. */
export function hasEnded(run: MemoryRun): boolean {
  return run.status === 'completed' || run.status === 'failed' || run.status === 'cancelled'
}

/** Puts events behind the log. The caller has checked that nothing can refuse them. */
export function pushEvents(state: MemoryState, run: MemoryRun, events: readonly NewEvent[]): void {
  for (const event of events) {
    const stored: MemoryEvent = {
      cursor: ++state.lastCursor,
      run,
      seq: run.events.length + 1,
      type: event.type,
      at: event.at,
      // Kept as it is: by contract nobody changes it any more. Readers get copies.
      data: event.data,
    }
    run.events.push(stored)
    state.tail.push(stored)
    // A copied log may hold ends that the run went on behind.
    if (isTerminal(event) && event === events.at(-1)) endRun(run, event)
  }
  if (run.followers !== undefined) for (const wake of run.followers) wake()
  for (const wake of state.tailFollowers) wake()
}

function endRun(
  run: MemoryRun,
  event: Extract<NewEvent, { type: 'run.completed' | 'run.failed' | 'run.cancelled' }>,
): void {
  const statuses = { 'run.completed': 'completed', 'run.failed': 'failed', 'run.cancelled': 'cancelled' } as const
  run.status = statuses[event.type]
  run.endedAt = event.at
  run.owner?.runs.delete(run)
  run.owner = undefined
}

/** The event as a reader gets it: a copy, so that no reader can change the log. */
export function readEvent(stored: MemoryEvent): LogEvent {
  const { seq, type, at } = stored
  // Type and data came from one NewEvent and stayed together.
  return { seq, type, at, data: copyOf(stored.data) } as LogEvent
}

/** The summary of a run as it is now. */
export function summarize(run: MemoryRun): RunSummary {
  const { runId, tenant, definition, version, sessionId, parent, priority, deadlineAt } = run.made
  return {
    runId,
    tenant,
    definition,
    version,
    sessionId,
    ...(parent === undefined ? {} : { parent: { ...parent } }),
    status: run.status,
    priority,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(run.made.isWorkflow === true ? { isWorkflow: true } : {}),
    createdAt: run.createdAt,
    ...(run.endedAt === undefined ? {} : { endedAt: run.endedAt }),
    lastSeq: run.events.length,
    ...(run.owner === undefined ? {} : { owner: run.owner.id }),
  }
}

/** Runs something synchronous as an asynchronous answer; what it throws becomes a rejection. */
export function answer<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work())
  } catch (error) {
    // Whatever was thrown is passed on as it is.
    return Promise.reject(error)
  }
}
