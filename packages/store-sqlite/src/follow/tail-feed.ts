import type { Scope, TailEvent } from '@meepo/core'
import type { Reader } from '../read/reader.ts'
import type { Feed } from './follower.ts'

/** The events of all runs of a scope, in the order in which they became durable: the order of their ids. */
export class TailFeed implements Feed<TailEvent> {
  readonly #reader: Reader
  readonly #scope: Scope
  readonly #wake: () => void
  readonly #onClose: (feed: TailFeed) => void
  #after: number
  #slice: readonly TailEvent[] = []
  #next = 0
  #isBehind = true
  #mustPause = false

  constructor(reader: Reader, scope: Scope, after: number, wake: () => void, onClose: (feed: TailFeed) => void) {
    this.#reader = reader
    this.#scope = scope
    this.#after = after
    this.#wake = wake
    this.#onClose = onClose
  }

  /** There are new events of some run. */
  grow(): void {
    this.#isBehind = true
    this.#wake()
  }

  readonly take = (): TailEvent | undefined => {
    const ready = this.#slice[this.#next]
    if (ready) {
      this.#next++
      return ready
    }
    if (this.#mustPause) {
      this.#mustPause = false
      setImmediate(this.#wake)
      return undefined
    }
    if (!this.#isBehind) return undefined
    const { events, reached, isBehind } = this.#reader.tail(this.#scope, this.#after)
    this.#slice = events
    this.#next = 1
    this.#after = reached
    this.#isBehind = isBehind
    this.#mustPause = isBehind
    // Nothing of this tenant for now: what is behind is looked at in the next turn.
    if (isBehind && events.length === 0) return this.take()
    return events[0]
  }

  readonly isOver = (): boolean => false

  readonly close = (): void => this.#onClose(this)
}
