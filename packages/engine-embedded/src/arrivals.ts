import { definitionKey, MeepoError, type Claim, type Drive, type EngineId, type RunId, type Store } from '@meepo/core'
import type { Machine } from '@meepo/core'
import type { Departure } from './departures.ts'
import type { Registry } from './registry.ts'
import type { RoomQueue } from './room-queue.ts'
import type { Sending } from './sending.ts'

/** What arriving drives need of the engine. */
export interface ArrivalsOptions {
  readonly store: Store
  readonly machine: Machine
  readonly registry: Registry
  readonly rooms: RoomQueue
  readonly sending: Sending | undefined
  /** It changes when another process took everything over. */
  readonly engine: () => EngineId
  /** For how long a beat must stand still before its engine is believed dead. */
  readonly stillMs: number
  /** The run arrives while this goes on. */
  readonly during: <T>(runId: RunId, work: () => Promise<T>) => Promise<T>
  /** Begins to drive a run that this engine owns, in room that was taken for it. Does not reject. */
  readonly load: (claim: Claim, isPreviewed: boolean) => Promise<void>
  /** Calls back once when the run leaves memory. False when it is not there. */
  readonly onDeparture: (runId: RunId, callback: (departure: Departure) => void) => boolean
  /** Runs of a dead engine were put back into the queue. */
  readonly onFreed: () => void
  readonly returnRoom: () => void
}

/**
 * Drives that a dispatcher brings to this process.
 *
 * AR1 A drive is good once: it takes the run under the epoch of its sender. One that comes again, because its answer was lost
 *     or the process that had it died, takes nothing from a process that lives.
 * AR2 What waited for room while this engine was taken for dead is another's, or comes again: it is not driven.
 */
export class Arrivals {
  readonly #options: ArrivalsOptions
  readonly #watched = new Map<EngineId, Promise<void>>()
  #isStopped = false

  constructor(options: ArrivalsOptions) {
    this.#options = options
  }

  /** See `DriveHost.drive`. */
  async drive(drive: Drive): Promise<void> {
    const { store, registry, rooms, sending, engine, during, load, returnRoom } = this.#options
    if (!registry.has(definitionKey({ name: drive.definition, version: drive.version }))) {
      throw new MeepoError('definition.unknown', `this process has no ${drive.definition}@${drive.version}`)
    }
    if (this.#isStopped) throw new MeepoError('engine.stopped', 'this process is stopping: ask another one')
    const isTaken = await during(drive.runId, async () => {
      const taker = engine()
      const claim = await store.leases.take(taker, drive.runId, drive.epoch)
      if (!claim) return false
      // Only now: a drive that is good for nothing takes nobody's room.
      if (sending?.arrived(drive.runId) !== true) await rooms.enter(drive)
      if (taker !== engine()) {
        returnRoom()
        return false
      }
      await load(claim, drive.isPreviewed === true)
      return true
    })
    await (isTaken ? this.#departed(drive.runId) : this.#comesAgain(drive.runId))
  }

  /** From now on every drive is refused. Those that wait for room are given back. */
  stop(): void {
    this.#isStopped = true
    this.#options.rooms.open()
  }

  #departed(runId: RunId): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#options.onDeparture(runId, () => resolve())) resolve()
    })
  }

  /** AR1. Whoever has the run keeps it while it lives; what is in the queue is sent again by whoever claims it. */
  async #comesAgain(runId: RunId): Promise<void> {
    const { store, engine } = this.#options
    let owner: EngineId | undefined
    try {
      owner = (await store.log.run('system', runId)).owner
    } catch (thrown) {
      if (MeepoError.is(thrown) && thrown.code === 'run.not_found') return
      throw thrown
    }
    if (owner === undefined) return
    if (owner === engine()) await this.#departed(runId)
    else await this.#watch(owner)
  }

  /** All runs of one engine come again together: one look at it is enough. */
  #watch(owner: EngineId): Promise<void> {
    const watched = this.#watched.get(owner)
    if (watched) return watched
    const watching = this.#look(owner).finally(() => this.#watched.delete(owner))
    this.#watched.set(owner, watching)
    return watching
  }

  async #look(owner: EngineId): Promise<void> {
    const { store, machine, stillMs, onFreed } = this.#options
    const before = await beatOf(store, owner)
    if (before === undefined) return
    await new Promise<void>((resolve) => {
      machine.scheduler.after(stillMs, resolve, true)
    })
    // Does nothing when it has beaten since.
    const freed = await store.leases.takeOver(owner, before)
    if (freed > 0) onFreed()
  }
}

async function beatOf(store: Store, owner: EngineId): Promise<number | undefined> {
  return (await store.leases.engines()).find(({ engine }) => engine === owner)?.beat
}
