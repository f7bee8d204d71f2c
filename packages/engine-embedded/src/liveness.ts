import type { EngineId, Leases, Scheduler } from '@meepo/core'

/** How fast the death of an engine is noticed. */
export interface LivenessOptions {
  /** Time between two beats; 1,000 ms unless said. */
  readonly beatMs?: number
  /** Beats that others must miss in a row before their runs are taken over; 5 unless said. */
  readonly missedBeats?: number
}

/** How an engine lives among others. */
export interface Life extends Required<LivenessOptions> {
  /** Beats that somebody who was told of its death must see missed before its runs are taken over. */
  readonly suspectBeats: number
}

/** Whoever is told by a dispatcher that an engine may be dead need not wait for long. Without one nobody is told. */
export function lifeOf(options: LivenessOptions, isTold: boolean): Life {
  const { beatMs = isTold ? 500 : 1_000, missedBeats = isTold ? 10 : 5 } = options
  return { beatMs, missedBeats, suspectBeats: isTold ? Math.min(2, missedBeats) : missedBeats }
}

/** A moment by both clocks: the running one stands still while the machine sleeps, the other one may jump. */
export interface Moment {
  readonly elapsed: number
  readonly now: number
}

export function momentOf(scheduler: Scheduler): Moment {
  return { elapsed: scheduler.elapsed(), now: scheduler.now() }
}

/** Who is told how the beats of an engine go. */
export interface LivenessListener {
  /** Others took over: nothing that this engine owned is its own any more. */
  onLost(): void
  /** The store took a beat. */
  onTaken(): void
  /** After each beat and the look around that follows it, with the number of runs freed from dead engines. */
  onBeat(freed: number): void
}

interface Seen {
  readonly beat: number
  readonly still: number
}

/**
 * Beats for this engine and watches the beats of others. What counts is how many of *our own* beats passed while
 * another's stood still: a machine that slept, or a clock that jumped, makes nobody look dead, because then ours
 * stood still as well.
 */
export class Liveness {
  readonly #leases: Leases
  readonly #scheduler: Scheduler
  readonly #engine: EngineId
  readonly #beatMs: number
  readonly #missedBeats: number
  readonly #suspectBeats: number
  readonly #listener: LivenessListener
  #seen = new Map<EngineId, Seen>()
  #stopTimer: (() => void) | undefined
  #isStopped = false
  /** When the last beat was sent that the store took. */
  #beatAt: Moment
  #running: Promise<void> = Promise.resolve()

  constructor(
    leases: Leases,
    scheduler: Scheduler,
    engine: EngineId,
    { beatMs, missedBeats, suspectBeats }: Life,
    /** Before the engine joined: others count from there. */
    joinedAt: Moment,
    listener: LivenessListener,
  ) {
    this.#leases = leases
    this.#scheduler = scheduler
    this.#engine = engine
    this.#beatMs = beatMs
    this.#missedBeats = missedBeats
    this.#suspectBeats = suspectBeats
    this.#beatAt = joinedAt
    this.#listener = listener
  }

  /** Nobody who watches this engine can have missed enough beats yet. */
  get isFresh(): boolean {
    const { elapsed, now } = momentOf(this.#scheduler)
    const passed = Math.max(elapsed - this.#beatAt.elapsed, now - this.#beatAt.now)
    return passed < (this.#suspectBeats - 0.5) * this.#beatMs
  }

  start(): void {
    this.#stopTimer = this.#scheduler.after(
      this.#beatMs,
      () => {
        this.#running = this.#round()
      },
      true,
    )
  }

  /** Resolves when no beat is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#stopTimer?.()
    await this.#running
  }

  async #round(): Promise<void> {
    try {
      const sentAt = momentOf(this.#scheduler)
      const isAlive = await this.#leases.beat(this.#engine)
      if (this.#isStopped) return
      if (!isAlive) {
        this.#listener.onLost()
        return
      }
      this.#beatAt = sentAt
      this.#listener.onTaken()
      this.#listener.onBeat(await this.#lookAround())
    } catch {
      // A store that cannot write now is told by the appends that fail; beating goes on.
    }
    if (!this.#isStopped) this.start()
  }

  async #lookAround(): Promise<number> {
    const seen = new Map<EngineId, Seen>()
    let freed = 0
    for (const { engine, beat } of await this.#leases.engines()) {
      if (engine === this.#engine) continue
      const before = this.#seen.get(engine)
      const still = before?.beat === beat ? before.still + 1 : 0
      if (still < this.#missedBeats) seen.set(engine, { beat, still })
      else freed += await this.#leases.takeOver(engine, beat)
    }
    this.#seen = seen
    return freed
  }
}
