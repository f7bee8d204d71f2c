import { createMemoryHealthBoard } from '../admission/health.ts'
import { createMemoryCounters } from '../admission/limits/memory-counters.ts'
import type { Store } from '../store/store.ts'
import { memoryBlobs } from './memory-blobs.ts'
import { memoryInbox } from './memory-inbox.ts'
import { memoryLeases } from './memory-leases.ts'
import { memoryLog } from './memory-log.ts'
import { memoryMoney } from './memory-money.ts'
import { createWakeHeap } from './memory-queue.ts'
import { done, type MemoryState } from './memory-state.ts'

/** What can be set of a memory store. */
export interface MemoryStoreOptions {
  /** The store's clock, which decides when a wake time has passed. The system's by default. */
  readonly now?: () => number
}

/**
 * A store in the memory of this process: for tests, and as the floor of measurements. It refuses exactly what a
 * durable store refuses, keeps copies of what it is given, and forgets everything with the process.
 *
 * @example
 * const store = createMemoryStore({ now: () => machine.scheduler.now() })
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store {
  const state: MemoryState = {
    now: options.now ?? Date.now,
    runs: new Map(),
    engines: new Map(),
    watchers: new Map(),
    blobs: new Map(),
    money: {
      accounts: new Map(),
      reservations: new Map(),
      alerts: new Map(),
      lines: new Map(),
      rollUps: new Map(),
      pastCalls: new Map(),
      lastCursor: 0,
    },
    claimable: new Map(),
    claimableWorkflows: new Map(),
    placesHeld: 0,
    wakes: createWakeHeap(),
    tailFollowers: new Set(),
    tail: [],
    lastCursor: 0,
    created: 0,
    isClosed: false,
  }
  return {
    log: memoryLog(state),
    leases: memoryLeases(state),
    inbox: memoryInbox(state),
    blobs: memoryBlobs(state),
    money: memoryMoney(state),
    counters: createMemoryCounters({ scheduler: { elapsed: options.now ?? (() => performance.now()) } }),
    health: createMemoryHealthBoard(),
    close: () => {
      close(state)
      return done
    },
  }
}

/** From here on everything is refused; followers see the refusal too, watchers are not called again. */
function close(state: MemoryState): void {
  if (state.isClosed) return
  state.isClosed = true
  for (const watchers of state.watchers.values()) for (const watcher of watchers) watcher.isStopped = true
  state.watchers.clear()
  for (const wake of state.tailFollowers) wake()
  for (const run of state.runs.values()) for (const wake of run.followers ?? []) wake()
}
