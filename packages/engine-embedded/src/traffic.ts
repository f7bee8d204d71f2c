import { toError, type Claim, type Dispatcher, type EngineId, type Machine, type RunId, type Store } from '@meepo/core'
import { Arrivals } from './arrivals.ts'
import type { Departure } from './departures.ts'
import type { EngineNotice } from './engine-notice.ts'
import { Intake } from './intake.ts'
import type { Registry } from './registry.ts'
import { RoomQueue } from './room-queue.ts'
import type { Rooms } from './rooms.ts'
import { Sending } from './sending.ts'

/** What the ways of runs lead to. */
export interface TrafficOptions {
  readonly store: Store
  readonly machine: Machine
  readonly registry: Registry
  readonly rooms: Rooms
  readonly dispatcher: Dispatcher | undefined
  readonly maxWorkflows: number | undefined
  /** See {@link Arrivals}. */
  readonly stillMs: number
  /** It changes when another process took everything over. */
  readonly engine: () => EngineId
  /** Drives what the store says is ours and nobody here knows of. Rejects when the store cannot be asked. */
  readonly recount: () => Promise<void>
  /** Begins to drive a claimed run, in room that was taken for it. Must not reject. */
  readonly load: (claim: Claim, isPreviewed: boolean) => Promise<void>
  /** A run arrives while this goes on. */
  readonly during: <T>(runId: RunId, work: () => Promise<T>) => Promise<T>
  readonly returnRoom: () => void
  readonly onDeparture: (runId: RunId, callback: (departure: Departure) => void) => boolean
  readonly tell: (thrown: unknown) => void
}

/** The ways of runs into one engine and out of it: claims from the store, and with a dispatcher what it sends and brings. */
export class Traffic {
  readonly intake: Intake
  readonly arrivals: Arrivals
  /** Present with a dispatcher: then nothing that was claimed or created here is driven before it arrived again. */
  readonly sending: Sending | undefined
  readonly #queue: RoomQueue
  readonly #dispatcher: Dispatcher | undefined

  constructor(options: TrafficOptions) {
    const { store, machine, registry, rooms, dispatcher, maxWorkflows, engine, load, returnRoom, tell } = options
    const definitions = (): readonly string[] => registry.keys()
    const sending =
      dispatcher &&
      new Sending({ dispatcher, scheduler: machine.scheduler, log: store.log, engine, definitions, returnRoom, tell })
    this.#dispatcher = dispatcher
    this.sending = sending
    this.#queue = new RoomQueue(rooms)
    this.intake = new Intake({
      store,
      machine,
      rooms,
      engine,
      definitions,
      maxWorkflows,
      onReturned: () => this.#queue.roomIsFree(),
      recount: options.recount,
      load: sending ? (claim) => sending.send(claim) : (claim) => load(claim, false),
      tell,
    })
    this.arrivals = new Arrivals({
      store,
      machine,
      registry,
      rooms: this.#queue,
      sending,
      engine,
      stillMs: options.stillMs,
      during: options.during,
      load,
      onDeparture: options.onDeparture,
      onFreed: () => this.intake.soon(),
      returnRoom,
    })
  }

  /** Lets the dispatcher bring what arrives, and makes known what can be driven here. */
  async open(onNotice: (notice: EngineNotice) => void): Promise<void> {
    await this.#dispatcher?.begin({
      drive: (drive) => this.arrivals.drive(drive),
      notice: (thrown) => {
        const { code, message } = toError(thrown)
        onNotice({ code, message })
      },
    })
    await this.sending?.serve()
  }

  /** Looks for work, and lets in what waits: all rooms may have been emptied at once. */
  soon(): void {
    this.#queue.roomIsFree()
    this.intake.soon()
  }

  roomIsFree(): void {
    this.#queue.roomIsFree()
    this.intake.roomIsFree()
  }

  stop(): void {
    this.intake.stop()
    this.arrivals.stop()
    this.sending?.stop()
  }
}
