import { MeepoError } from '../base/errors.ts'
import type { EngineId } from '../base/ids.ts'
import { definitionKey } from '../run/definition.ts'
import type { Claim, Leases, Release } from '../store/store.ts'
import {
  addWatcher,
  firstClaimable,
  freePlace,
  makeClaimable,
  makeWaiting,
  takePlace,
  unqueue,
  wakeDue,
} from './memory-queue.ts'
import { answer, refuseClosed, type MemoryEngine, type MemoryRun, type MemoryState } from './memory-state.ts'

/** The leases of a memory store. */
export function memoryLeases(state: MemoryState): Leases {
  const open = <T>(work: () => T): Promise<T> =>
    answer(() => {
      refuseClosed(state)
      return work()
    })
  return {
    join: (engine) =>
      open(() => {
        if (!state.engines.has(engine)) state.engines.set(engine, { id: engine, runs: new Set(), beat: 0, offers: [] })
      }),
    offer: (engine, definitions) =>
      open(() => {
        const joined = state.engines.get(engine)
        if (joined !== undefined) joined.offers = [...definitions]
      }),
    offered: () => open(() => [...offersOf(state)]),
    orphans: (limit) =>
      open(() => {
        const offers = offersOf(state)
        const found = [...state.runs.values()].filter((run) => isOrphan(state, run, offers))
        return found.slice(0, limit).map(({ made: { runId, tenant }, epoch }) => ({ runId, tenant, epoch }))
      }),
    adopt: (engine, runId, epoch) =>
      open(() => {
        const owner = joinedEngine(state, engine)
        const run = state.runs.get(runId)
        if (run === undefined || run.epoch !== epoch || !isClaimable(state, run)) return undefined
        if (run.holdsPlace === false) run.holdsPlace = undefined
        own(state, run, owner)
        return claimOf(run)
      }),
    beat: (engine) =>
      open(() => {
        const joined = state.engines.get(engine)
        if (joined === undefined) return false
        joined.beat++
        return true
      }),
    owned: (engine) => open(() => [...(state.engines.get(engine)?.runs ?? [])].map(claimOf)),
    engines: () => open(() => [...state.engines.values()].map(({ id, beat }) => ({ engine: id, beat }))),
    takeOver: (engine, beat) =>
      open(() => {
        const stale = state.engines.get(engine)
        return stale === undefined || stale.beat !== beat ? 0 : remove(state, stale)
      }),
    claim: (engine, { limit, definitions, maxWorkflows }) =>
      open(() => {
        const owner = joinedEngine(state, engine)
        wakeDue(state)
        const claims: Claim[] = []
        while (claims.length < limit) {
          const run = firstClaimable(state, definitions, maxWorkflows)
          if (run === undefined) break
          own(state, run, owner)
          claims.push(claimOf(run))
        }
        return claims
      }),
    take: (engine, runId, epoch) =>
      open(() => {
        const owner = joinedEngine(state, engine)
        const run = state.runs.get(runId)
        if (run?.owner === undefined || run.epoch !== epoch) return undefined
        run.owner.runs.delete(run)
        own(state, run, owner)
        return claimOf(run)
      }),
    release: (engine, runs) =>
      open(() => {
        for (const release of runs) giveBack(state, engine, release)
      }),
    nextWakeAt: () => open(() => state.wakes.top()?.wakeAt),
    watch: (engine, onChange, { maxWorkflows } = {}) => {
      refuseClosed(state)
      return addWatcher(state, engine, onChange, maxWorkflows)
    },
    leave: (engine) =>
      open(() => {
        const leaving = state.engines.get(engine)
        if (leaving !== undefined) remove(state, leaving)
      }),
  }
}

/** The engine, which must have joined and not been taken over: only then would somebody notice its death. */
export function joinedEngine(state: MemoryState, engine: EngineId): MemoryEngine {
  const joined = state.engines.get(engine)
  if (joined === undefined) throw new MeepoError('store.fenced', `engine ${engine} has not joined or was taken over`)
  return joined
}

/** Makes the engine the owner of a run that has none. */
export function own(state: MemoryState, run: MemoryRun, engine: MemoryEngine): void {
  unqueue(run)
  takePlace(state, run)
  run.epoch++
  run.status = 'running'
  run.wakeAt = undefined
  run.owner = engine
  engine.runs.add(run)
}

function offersOf(state: MemoryState): ReadonlySet<string> {
  return new Set([...state.engines.values()].flatMap(({ offers }) => offers))
}

function isClaimable(state: MemoryState, run: MemoryRun): boolean {
  return run.heap !== undefined && run.heap !== state.wakes
}

function isOrphan(state: MemoryState, run: MemoryRun, offers: ReadonlySet<string>): boolean {
  if (!isClaimable(state, run) || offers.has(definitionKey({ name: run.made.definition, version: run.made.version })))
    return false
  return [...(run.mail?.values() ?? [])].some(({ kind }) => kind === 'cancel')
}

function disown(run: MemoryRun): void {
  run.owner?.runs.delete(run)
  run.owner = undefined
  run.epoch++
}

function giveBack(state: MemoryState, engine: EngineId, release: Release): void {
  const { runId, epoch, status, wakeAt, keepsPlace } = release
  const run = state.runs.get(runId)
  if (run === undefined || run.owner?.id !== engine || run.epoch !== epoch) return
  disown(run)
  run.status = status
  if (status === 'queued' || keepsPlace !== true) freePlace(state, run)
  if (status === 'queued') {
    makeClaimable(state, run)
    return
  }
  run.wakeAt = wakeAt
  makeWaiting(state, run)
}

function remove(state: MemoryState, engine: MemoryEngine): number {
  const runs = [...engine.runs]
  for (const run of runs) {
    disown(run)
    run.status = 'queued'
    freePlace(state, run)
    makeClaimable(state, run)
  }
  state.engines.delete(engine.id)
  return runs.length
}

function claimOf(run: MemoryRun): Claim {
  const { runId, tenant, definition, version, priority, deadlineAt } = run.made
  return {
    runId,
    epoch: run.epoch,
    tenant,
    definition,
    version,
    priority,
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
  }
}
