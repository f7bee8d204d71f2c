import {
  createMemoryCounters,
  createMemoryHealthBoard,
  MeepoError,
  type Counters,
  type HealthBoard,
  type Store,
} from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import type { Chance } from '../world/chance.ts'
import { DiskFullError, SimulatedDisk } from '../world/disk.ts'
import { frame, readFrames } from '../world/frames.ts'
import { Life } from '../world/life.ts'
import type { Timeline } from '../world/timeline.ts'
import { applyCall, decodeCall, encodeCall, type WriteCall } from './write-calls.ts'

/** How a write ended, as its caller is told. */
export type Outcome = { readonly value: unknown } | { readonly thrown: unknown }

/** A write that waits for the disk. */
interface Waiting {
  readonly role: WriteCall['role']
  readonly method: string
  readonly args: readonly unknown[]
  readonly tell: (outcome: Outcome) => void
}

/** Who looks at what became durable. */
export interface StoreWatcher {
  /** A write took effect, or was refused: everything before it is durable. */
  applied(call: WriteCall, outcome: Outcome, store: Store): void
}

/** What a test of the harness may break. */
export interface ServerBugs {
  /** Tells callers that their writes are durable as soon as they are in the buffer. */
  readonly acksEarly: boolean
  /** Believes whatever lies behind the last whole record. */
  readonly keepsTornTail: boolean
}

const mostInBatch = 24

/**
 * The store of a simulation: the store of the tests as its state, and a file of everything that changed it. A write goes
 * into the file, the file is synced, the write takes effect, its caller is told: in this order. After a crash the state is
 * made anew of the records that the disk still has.
 */
export class StoreServer {
  readonly disk: SimulatedDisk
  /** Rates live beside the money and outlive every crash. */
  readonly counters: Counters
  readonly health: HealthBoard = createMemoryHealthBoard()
  areCountersDown = false
  readonly #timeline: Timeline
  readonly #chance: Chance
  readonly #watcher: StoreWatcher
  readonly #bugs: ServerBugs
  #state: Store
  /** What the state takes for the time: that of the write under way, or the wall clock. */
  #clockAt: number | undefined
  #life: Life
  #queue: Waiting[] = []
  /** What is on its way to the disk. */
  #batch: readonly Waiting[] | undefined
  /** How many records of the file the watcher knows. */
  #told = 0
  /** Told after each start. */
  readonly #starts = new Set<() => void>()
  /** Milliseconds that a sync takes. */
  syncMs = 2
  wallOffset = 0
  isDown = false
  /** Raised with every start: answers to an earlier one are none. */
  incarnation = 1

  constructor(
    timeline: Timeline,
    chance: Chance,
    watcher: StoreWatcher,
    bugs: ServerBugs,
    watch: (counters: Counters) => Counters,
  ) {
    this.#timeline = timeline
    this.#chance = chance
    this.#watcher = watcher
    this.#bugs = bugs
    this.disk = new SimulatedDisk(chance.part('disk'))
    this.counters = watch(createMemoryCounters({ scheduler: { elapsed: () => timeline.elapsed } }))
    this.#state = this.#newState()
    this.#life = new Life('store', 0)
  }

  /** The state as readers see it: what is durable. */
  get state(): Store {
    return this.#state
  }

  /** Takes a write. `tell` is called when it is durable or refused, and with an error when the store dies before. */
  submit(waiting: Waiting): void {
    if (this.isDown) {
      waiting.tell({ thrown: unreachable() })
      return
    }
    this.#queue.push(waiting)
    this.#commitSoon()
  }

  /** The process of the store ends. Its file stays, with or without what was not synced. */
  crash(losesPower: boolean): ReturnType<SimulatedDisk['losePower']> | undefined {
    this.isDown = true
    this.incarnation++
    this.#life.die('crash')
    const waiting = [...(this.#batch ?? []), ...this.#queue]
    this.#queue = []
    this.#batch = undefined
    const lost = losesPower ? this.disk.losePower() : undefined
    for (const { tell } of waiting) tell({ thrown: unreachable() })
    return lost
  }

  /** Makes the state anew of what the disk has. */
  recover(): void {
    const { records, end } = readFrames(this.disk.read())
    // What is cut off here was never acknowledged. What stays is written: it must not get lost now.
    if (!this.#bugs.keepsTornTail) this.disk.truncate(end)
    // A store that cannot sync what it read does not start: it tries again.
    while (!this.disk.sync());
    this.#state = this.#newState()
    for (const [index, record] of records.entries()) {
      const call = decodeCall(record)
      this.#clockAt = call.at
      const applying = applyCall(this.#state, call)
      // What was on the disk and nobody had heard of yet is told now. A write that was refused then is refused again.
      if (index >= this.#told) this.#tellOf(call, applying)
      else applying.catch(() => undefined)
    }
    this.#clockAt = undefined
    this.#told = Math.max(this.#told, records.length)
    this.#life = new Life('store', this.incarnation)
    this.isDown = false
    for (const tell of this.#starts) tell()
  }

  /** Calls after each start from now on. */
  onStart(tell: () => void): () => void {
    this.#starts.add(tell)
    return () => this.#starts.delete(tell)
  }

  #newState(): Store {
    return createMemoryStore({ now: () => this.#clockAt ?? this.#now() })
  }

  #now(): number {
    return this.#timeline.now() + this.wallOffset
  }

  #commitSoon(): void {
    if (this.#batch || this.#queue.length === 0) return
    const batch = this.#queue.splice(0, 1 + this.#chance.below(mostInBatch))
    this.#batch = batch
    const at = this.#now()
    const calls = batch.map(({ role, method, args }): WriteCall => ({ at, role, method, args }))
    const size = this.disk.size
    try {
      this.disk.append(calls.map((call) => frame(encodeCall(call))).join(''))
    } catch (thrown) {
      if (!(thrown instanceof DiskFullError)) throw thrown
      this.disk.truncate(size)
      this.#timeline.after(this.syncMs, this.#life, 'disk full', () => {
        this.#batch = undefined
        for (const { tell } of batch) tell({ thrown: new MeepoError('store.disk_full', 'the disk is full') })
        this.#commitSoon()
      })
      return
    }
    if (this.#bugs.acksEarly) for (const one of batch) tellEarly(one)
    const syncMs = this.syncMs * this.#chance.between(0.5, 1.5)
    this.#timeline.after(syncMs, this.#life, `sync ${batch.length}`, () => this.#synced(batch, calls))
  }

  #synced(batch: readonly Waiting[], calls: readonly WriteCall[]): void {
    if (!this.disk.sync()) {
      // Nobody can say what is on the disk: only a new start finds out.
      this.onSyncFailed()
      return
    }
    this.#batch = undefined
    for (const [index, call] of calls.entries()) this.#apply(call, batch[index])
    this.#commitSoon()
  }

  /** Replaced by the simulation, which ends the store and starts it again. */
  onSyncFailed: () => void = () => undefined

  #apply(call: WriteCall, waiting: Waiting | undefined): void {
    this.#clockAt = call.at
    const { state } = this
    const applying = applyCall(state, call)
    this.#clockAt = undefined
    this.#told++
    this.#tellOf(call, applying, waiting)
  }

  #tellOf(call: WriteCall, applying: Promise<unknown>, waiting?: Waiting): void {
    const { state } = this
    const told = (outcome: Outcome): void => {
      this.#watcher.applied(call, outcome, state)
      waiting?.tell(outcome)
    }
    applying.then(
      (value) => told({ value }),
      (thrown: unknown) => told({ thrown }),
    )
  }
}

/** The connection broke: nobody knows what became of the write. */
export function unreachable(): MeepoError {
  return new MeepoError('store.failed', 'the store cannot be reached', { retryable: true })
}

/** A planted bug: the answer that a write will get if all goes well. */
function tellEarly({ method, args, tell }: Waiting): void {
  if (method !== 'append') return
  // The second argument of an append is its request.
  const { extras } = args[1] as { extras?: { reserve?: readonly { id: string; picoDollars: string }[] } }
  const grants = extras?.reserve?.map(({ id, picoDollars }) => ({ id, kind: 'granted', picoDollars }))
  tell({ value: grants })
}
