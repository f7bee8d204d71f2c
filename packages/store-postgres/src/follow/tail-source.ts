import type { Scope, TailEvent } from '@meepo/core'
import type { Reader } from '../read/reader.ts'
import type { Page, Source } from './follower.ts'

/** The events of all runs of a scope, in the order of their positions. */
export class TailSource implements Source<TailEvent> {
  readonly #reader: Reader
  readonly #scope: Scope
  readonly #lookAgain: () => void
  readonly #onClose: () => void
  #after: number

  /** `lookAgain` is called when a transaction is under way that the source has to wait for. */
  constructor(reader: Reader, scope: Scope, after: number, lookAgain: () => void, onClose: () => void) {
    this.#reader = reader
    this.#scope = scope
    this.#after = after
    this.#lookAgain = lookAgain
    this.#onClose = onClose
  }

  async read(): Promise<Page<TailEvent>> {
    const { horizon, last } = await this.#reader.horizon()
    const { events: items, reached, isBehind } = await this.#reader.tail(this.#scope, this.#after, horizon)
    this.#after = Math.max(this.#after, reached)
    if (horizon < last) this.#lookAgain()
    return { items, isBehind, isOver: false }
  }

  close(): void {
    this.#onClose()
  }
}
