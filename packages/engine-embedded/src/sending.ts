import type { Dispatcher, Drive, RunId, Scheduler } from '@meepo/core'

/** Between two tries, at first and at most. */
const firstDelayMs = 100
const lastDelayMs = 5_000

/** So long after it was sent, a run that did not arrive here is taken to have arrived elsewhere. */
const elsewhereMs = 1_000

/**
 * Sends runs that this engine owns on their way. What cannot be sent is tried again until the engine stops.
 *
 * SE1 A run that was sent keeps the room that was taken for it until something arrives: this run, or another one that
 *     somebody sent in its stead. So all engines together claim as much as there is room for, and the rest stays in the
 *     queue of the store, in its order.
 */
export class Sending {
  readonly #dispatcher: Dispatcher
  readonly #scheduler: Scheduler
  readonly #definitions: () => readonly string[]
  readonly #returnRoom: () => void
  readonly #tell: (thrown: unknown) => void
  /** Sent, or about to be: with what stops the wait for an arrival. SE1. */
  readonly #sent = new Map<RunId, (() => void) | undefined>()
  #served = 0
  #serving: Promise<void> = Promise.resolve()
  #isStopped = false
  /** Told once: the next success makes the next failure news again. */
  #isFailing = false

  constructor(
    dispatcher: Dispatcher,
    scheduler: Scheduler,
    /** `name@version` of what this process can run. Only ever grows. */
    definitions: () => readonly string[],
    returnRoom: () => void,
    tell: (thrown: unknown) => void,
  ) {
    this.#dispatcher = dispatcher
    this.#scheduler = scheduler
    this.#definitions = definitions
    this.#returnRoom = returnRoom
    this.#tell = tell
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
    this.#sent.set(drive.runId, undefined)
    for (let delay = firstDelayMs; !this.#isStopped; delay = Math.min(lastDelayMs, delay * 2)) {
      try {
        if (this.#served < this.#definitions().length) await this.serve()
        await this.#dispatcher.send(drive)
        this.#isFailing = false
        this.#expectArrival(drive.runId)
        return
      } catch (thrown) {
        if (!this.#isFailing) this.#tell(thrown)
        this.#isFailing = true
      }
      await new Promise<void>((resolve) => {
        this.#scheduler.after(delay, resolve, true)
      })
    }
  }

  /** Something arrived. True when it goes into the room of what was sent. SE1. */
  arrived(runId: RunId): boolean {
    const [stead] = this.#sent.has(runId) ? [runId] : this.#sent.keys()
    if (stead === undefined) return false
    this.#sent.get(stead)?.()
    return this.#sent.delete(stead)
  }

  /** It may have arrived before the answer did. */
  #expectArrival(runId: RunId): void {
    if (!this.#sent.has(runId)) return
    const stopTimer = this.#scheduler.after(
      elsewhereMs,
      () => {
        if (this.#sent.delete(runId)) this.#returnRoom()
      },
      true,
    )
    this.#sent.set(runId, stopTimer)
  }

  /** Others own what was sent: no room is kept for it. */
  forget(): void {
    for (const stopTimer of this.#sent.values()) stopTimer?.()
    this.#sent.clear()
  }

  stop(): void {
    this.#isStopped = true
  }

  async #serveNow(): Promise<void> {
    const definitions = this.#definitions()
    if (definitions.length === this.#served) return
    await this.#dispatcher.serve(definitions)
    this.#served = definitions.length
  }
}
