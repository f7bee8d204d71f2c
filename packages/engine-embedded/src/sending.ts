import type { Dispatcher, Drive, Scheduler } from '@meepo/core'

/** Between two tries, at first and at most. */
const firstDelayMs = 100
const lastDelayMs = 5_000

/** Sends runs that this engine owns on their way. What cannot be sent is tried again until the engine stops. */
export class Sending {
  readonly #dispatcher: Dispatcher
  readonly #scheduler: Scheduler
  readonly #definitions: () => readonly string[]
  readonly #tell: (thrown: unknown) => void
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
    tell: (thrown: unknown) => void,
  ) {
    this.#dispatcher = dispatcher
    this.#scheduler = scheduler
    this.#definitions = definitions
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

  /** Resolves when the drive was sent, or the engine stops. Never rejects. */
  async send(drive: Drive): Promise<void> {
    for (let delay = firstDelayMs; !this.#isStopped; delay = Math.min(lastDelayMs, delay * 2)) {
      try {
        if (this.#served < this.#definitions().length) await this.serve()
        await this.#dispatcher.send(drive)
        this.#isFailing = false
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
