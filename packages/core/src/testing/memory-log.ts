import { MeepoError } from '../base/errors.ts'
import type { EngineId, Scope } from '../base/ids.ts'
import { isTerminal, type EventData, type NewEvent } from '../log/events.ts'
import type { Grant } from '../admission/money.ts'
import { readPositive } from '../store/account-rules.ts'
import type { AppendRequest, Created, DrivenRun, Log, NewRun, RunFilter, RunSummary } from '../store/store.ts'
import { copyOf } from './copy-of.ts'
import { memoryFollow, memoryFollowAll } from './memory-follow.ts'
import { isChargedTo } from '../store/charged.ts'
import { dueTrees, forgetRuns, pruneRuns } from './memory-forget.ts'
import { applyMail } from './memory-inbox.ts'
import { joinedEngine, own } from './memory-leases.ts'
import { applyMoney, readMoney, renamePastLines, setRunLimit } from './memory-money.ts'
import { freePlace, makeClaimable } from './memory-queue.ts'
import {
  answer,
  findRun,
  hasEnded,
  isInScope,
  pushEvents,
  readEvent,
  refuseClosed,
  summarize,
  type MemoryRun,
  type MemoryState,
} from './memory-state.ts'

/** What an append without reservations resolves with. */
const noGrants: Promise<undefined> = Promise.resolve(undefined)

/** The logs of a memory store. */
export function memoryLog(state: MemoryState): Log {
  return {
    create: (scope, run, events, owner) => answer(() => create(state, scope, run, events, owner)),
    append: (scope, request) => {
      try {
        const grants = append(state, scope, request)
        return grants === undefined ? noGrants : Promise.resolve(grants)
      } catch (error) {
        // Whatever was thrown is passed on as it is.
        return Promise.reject(error)
      }
    },
    reopen: (scope, runId, event, by) => answer(() => reopen(state, findRun(state, scope, runId), event, by)),
    read: (scope, runId, afterSeq = 0) =>
      answer(() => findRun(state, scope, runId).events.slice(Math.max(0, afterSeq)).map(readEvent)),
    follow: (scope, runId, options) => memoryFollow(state, scope, runId, options),
    followAll: (scope, options) => memoryFollowAll(state, scope, options),
    run: (scope, runId) => answer(() => summarize(findRun(state, scope, runId))),
    runs: (scope, filter = {}) => answer(() => list(state, scope, filter)),
    forget: (scope, endedBefore) =>
      answer(() => {
        refuseClosed(state)
        return forgetRuns(state, scope, endedBefore)
      }),
    prune: (scope, options) =>
      answer(() => {
        refuseClosed(state)
        return pruneRuns(state, scope, options)
      }),
    prunable: (scope, options) =>
      answer(() => {
        refuseClosed(state)
        return dueTrees(state, scope, options).map(({ root }) => root.made.runId)
      }),
    chargedTo: (scope, charged) =>
      answer(() => {
        refuseClosed(state)
        const runs = [...state.runs.values()].filter((run) => isInScope(run, scope) && isCharged(run, charged))
        return runs.map(({ made }) => made.runId)
      }),
  }
}

function create(
  state: MemoryState,
  scope: Scope,
  made: NewRun,
  events: readonly NewEvent[],
  ownerId: EngineId | undefined,
): Created {
  refuseClosed(state)
  if (scope !== 'system' && scope.tenant !== made.tenant) {
    throw new MeepoError('run.not_found', `run ${made.runId} belongs to another tenant than its creator`)
  }
  const before = state.runs.get(made.runId)
  if (before !== undefined) {
    if (isInScope(before, scope) && before.made.fingerprint === made.fingerprint) return { kind: 'exists' }
    throw new MeepoError('run.exists', `run ${made.runId} exists with another definition or input`)
  }
  const owner = ownerId === undefined ? undefined : joinedEngine(state, ownerId)
  const limit = readLimit(made.picoDollars)
  const run = newMemoryRun(state, made, events[0]?.at ?? state.now())
  renamePastLines(state, made)
  setRunLimit(state, made.runId, limit)
  pushEvents(state, run, events)
  state.runs.set(made.runId, run)
  state.created++
  if (!hasEnded(run)) {
    if (owner === undefined) makeClaimable(state, run)
    else own(state, run, owner)
  }
  return { kind: 'created', epoch: run.epoch }
}

function newMemoryRun(state: MemoryState, made: NewRun, createdAt: number): MemoryRun {
  return {
    made: copyOf(made),
    order: state.created,
    createdAt,
    events: [],
    status: 'queued',
    endedAt: undefined,
    epoch: 0,
    owner: undefined,
    wakeAt: undefined,
    holdsPlace: made.isWorkflow === true ? false : undefined,
    heap: undefined,
    heapIndex: -1,
    mail: undefined,
    delivered: undefined,
    signals: undefined,
    followers: undefined,
  }
}

/** Checks everything, then changes everything: nothing behind the checks can refuse. */
function append(state: MemoryState, scope: Scope, request: AppendRequest): readonly Grant[] | undefined {
  const { runId, epoch, expectedSeq, events, extras } = request
  const run = findRun(state, scope, runId)
  if (hasEnded(run)) throw new MeepoError('run.ended', `run ${runId} has ended`)
  if (run.owner === undefined || run.epoch !== epoch) {
    throw new MeepoError('store.fenced', `run ${runId} is no longer owned under epoch ${epoch}`)
  }
  if (run.events.length !== expectedSeq) {
    const message = `the log of ${runId} ends at ${run.events.length}, not at ${expectedSeq}`
    throw new MeepoError('store.sequence_conflict', message)
  }
  if (events.length > 1 && events.slice(0, -1).some(isTerminal)) {
    throw new MeepoError('run.ended', `an append to run ${runId} goes on behind the end of the run`)
  }
  const money = extras === undefined ? undefined : readMoney(run, extras)
  pushEvents(state, run, events)
  if (hasEnded(run)) freePlace(state, run)
  if (extras !== undefined) applyMail(state, scope, run, extras)
  return money && applyMoney(state, money)
}

function reopen(state: MemoryState, run: MemoryRun, event: NewEvent, by: DrivenRun | undefined): void {
  if (run.status !== 'failed' && run.status !== 'cancelled') {
    throw new MeepoError('run.not_resumable', `run ${run.made.runId} is ${run.status}`)
  }
  if (by !== undefined) {
    const driven = state.runs.get(by.runId)
    if (driven?.owner === undefined || driven.epoch !== by.epoch) {
      throw new MeepoError('store.fenced', `run ${by.runId} is no longer owned under epoch ${by.epoch}`)
    }
  }
  const limit = event.type === 'run.reopened' ? readLimit(event.data.limits.picoDollars) : undefined
  run.status = 'queued'
  run.endedAt = undefined
  run.epoch++
  if (run.made.isWorkflow === true) run.holdsPlace = false
  setRunLimit(state, run.made.runId, limit)
  pushEvents(state, run, [event])
  makeClaimable(state, run)
}

function readLimit(picoDollars: string | undefined): bigint | undefined {
  return picoDollars === undefined ? undefined : readPositive(picoDollars)
}

function list(state: MemoryState, scope: Scope, filter: RunFilter): readonly RunSummary[] {
  refuseClosed(state)
  const before = filter.before === undefined ? undefined : findRun(state, scope, filter.before)
  const found: RunSummary[] = []
  const limit = filter.limit ?? Number.POSITIVE_INFINITY
  // A Map keeps the order of insertion, which is the order of creation.
  for (const run of [...state.runs.values()].toReversed()) {
    if (found.length >= limit) break
    if (before !== undefined && run.order >= before.order) continue
    if (isInScope(run, scope) && matches(run, filter)) found.push(summarize(run))
  }
  return found
}

function matches(run: MemoryRun, { status, definition, parent }: RunFilter): boolean {
  if (status !== undefined && !status.includes(run.status)) return false
  if (definition !== undefined && run.made.definition !== definition) return false
  return parent === undefined || run.made.parent?.runId === parent
}

function isCharged({ events }: MemoryRun, charged: string): boolean {
  const [first] = events
  // A log begins with it.
  return first?.type === 'run.created' && isChargedTo(first.data as EventData['run.created'], charged)
}
