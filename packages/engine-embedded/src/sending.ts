import {
  MeepoError,
  type Dispatcher,
  type Drive,
  type EngineId,
  type Log,
  type RunId,
  type Scheduler,
} from '@meepo/core'

/** Between two tries, at first and at most. */
const firstDelayMs = 100
const lastDelayMs = 5_000

/** So long after it was sent, a run that did not arrive here is taken to have arrived elsewhere. */
const elsewhereMs = 1_000
/** So long after it was sent, the store is asked whether anybody took a run; later and later if not. */
const firstLookMs = 15_000
const lastLookMs = 300_000
/** How many are asked for at a time. */
const looksAtOnce = 32

/** What sending needs of the engine. */
export interface SendingOptions {
  readonly dispatcher: Dispatcher
  readonly scheduler: Scheduler
  readonly log: Log
  /** It changes when another process took everything over. */
  readonly engine: () => EngineId
  /** `name@version` of what this process can run. Only ever grows. */
  readonly definitions: () => readonly string[]
  readonly returnRoom: () => void
  readonly tell: (thrown: unknown) => void
}

interface Sent {
  readonly drive: Drive
  /** By the running clock. */
  lookAt: number
  lookAfterMs: number
}

/**
 * Sends runs that this engine owns on their way. What cannot be sent is tried again until the engine stops.
 *
 * SE1 A run that was sent keeps the room that was taken for it until something arrives: this run, or another one that
 *     somebody sent in its stead. So all engines together claim as much as there is room for, and the rest stays in the
 *     queue of the store, in its order.
 * SE2 A run that was sent and that nobody took stays this engine's: after a while it is sent again.
 */
export class Sending {
  readonly #options: SendingOptions
  #served = 0
  #serving: Promise<void> = Promise.resolve()
  #isStopped = false
  /** Told once: the next success makes the next failure news again. */
  #isFailing = false
  /** Runs that hold room, with what stops the wait for an arrival. SE1. */
  readonly #rooms = new Map<RunId, (() => void) | undefined>()
  /** On their way to the dispatcher: the room of one may be another's by now. */
  readonly #leaving = new Set<RunId>()
  /** Nobody is known to have taken them, in the order in which they were sent. SE2. */
  readonly #sent = new Map<RunId, Sent>()
  #isLooking = false

  constructor(options: SendingOptions) {
    this.#options = options
  }

  /** Makes known what can be driven here. One at a time. */
  serve(): Promise<void> {
    this.#serving = this.#serving.then(
      () => this.#serveNow(),
      () => this.#serveNow(),
    )
    return this.#serving
  }

  /** Sends a run for which room was taken. Resolves when it was sent, or the engine stops. Never rejects. */
  async send(drive: Drive): Promise<void> {
    this.#rooms.set(drive.runId, undefined)
    this.#leaving.add(drive.runId)
    for (let delay = firstDelayMs; !this.#isStopped; delay = Math.min(lastDelayMs, delay * 2)) {
      if (await this.#try(drive)) {
        this.#expectArrival(drive)
        return
      }
      await new Promise<void>((resolve) => {
        this.#options.scheduler.after(delay, resolve, true)
      })
    }
  }

  /** Whether a run was sent, or is to be, and nobody is known to have taken it. */
  has(runId: RunId): boolean {
    return this.#rooms.has(runId) || this.#leaving.has(runId) || this.#sent.has(runId)
  }

  /** Something arrived. True when it goes into the room of what was sent. SE1. */
  arrived(runId: RunId): boolean {
    this.#leaving.delete(runId)
    this.#sent.delete(runId)
    const [stead] = this.#rooms.has(runId) ? [runId] : this.#rooms.keys()
    if (stead === undefined) return false
    this.#rooms.get(stead)?.()
    return this.#rooms.delete(stead)
  }

  /** Called from time to time. SE2. */
  tick(): void {
    if (this.#isLooking || this.#sent.size === 0) return
    const now = this.#options.scheduler.elapsed()
    const due: Sent[] = []
    for (const sent of this.#sent.values()) {
      if (sent.lookAt <= now && due.push(sent) === looksAtOnce) break
    }
    if (due.length === 0) return
    this.#isLooking = true
    void Promise.all(due.map((sent) => this.#look(sent))).finally(() => {
      this.#isLooking = false
    })
  }

  /** Others own what was sent: no room is kept for it. */
  forget(): void {
    for (const stopTimer of this.#rooms.values()) stopTimer?.()
    this.#rooms.clear()
    this.#leaving.clear()
    this.#sent.clear()
  }

  stop(): void {
    this.#isStopped = true
    this.#sent.clear()
  }

  async #try(drive: Drive): Promise<boolean> {
    const { dispatcher, definitions, tell } = this.#options
    try {
      if (this.#served < definitions().length) await this.serve()
      await dispatcher.send(drive)
      this.#isFailing = false
      return true
    } catch (thrown) {
      if (!this.#isFailing) tell(thrown)
      this.#isFailing = true
      return false
    }
  }

  async #serveNow(): Promise<void> {
    const definitions = this.#options.definitions()
    if (definitions.length === this.#served) return
    await this.#options.dispatcher.serve(definitions)
    this.#served = definitions.length
  }

  /** It may have arrived before the answer did, and so may another one that was let into its room. */
  #expectArrival(drive: Drive): void {
    const { runId } = drive
    const { scheduler, returnRoom } = this.#options
    if (!this.#leaving.delete(runId) || this.#isStopped) return
    this.#sent.set(runId, { drive, lookAt: scheduler.elapsed() + firstLookMs, lookAfterMs: firstLookMs })
    if (!this.#rooms.has(runId)) return
    const stopTimer = scheduler.after(
      elsewhereMs,
      () => {
        if (this.#rooms.delete(runId)) returnRoom()
      },
      true,
    )
    this.#rooms.set(runId, stopTimer)
  }

  /** Never rejects. */
  async #look(sent: Sent): Promise<void> {
    const { log, engine, scheduler, tell } = this.#options
    const { drive } = sent
    try {
      const { owner } = await log.run('system', drive.runId)
      if (!this.#sent.has(drive.runId)) return
      if (owner !== engine()) this.#sent.delete(drive.runId)
      else {
        sent.lookAfterMs = Math.min(lastLookMs, sent.lookAfterMs * 2)
        sent.lookAt = scheduler.elapsed() + sent.lookAfterMs
        await this.#try(drive)
      }
    } catch (thrown) {
      if (MeepoError.is(thrown) && thrown.code === 'run.not_found') this.#sent.delete(drive.runId)
      else tell(thrown)
    }
  }
}
