import type { NewEvent } from '@meepo/core'

/** Events of one page. */
const pageSize = 512

/** The room that the longer logs of all runs of an engine share, in pages. */
export class LogRoom {
  #left: number

  constructor(pages: number) {
    this.#left = pages
  }

  /** Takes a page if there is one. */
  take(): boolean {
    if (this.#left === 0) return false
    this.#left--
    return true
  }

  giveBack(pages: number): void {
    this.#left += pages
  }
}

/**
 * The log of a run that was created here, from its first event on: saves reading it back for the record. A page is kept of
 * every run, more while there is room, and never more of a run that cut its log in segments: it means to go on for long.
 */
export class KeptLog {
  readonly #room: LogRoom
  #events: NewEvent[] | undefined
  #pages = 0
  #isCut = false

  constructor(room: LogRoom, created: NewEvent) {
    this.#room = room
    this.#events = [created]
  }

  add(event: NewEvent): void {
    if (event.type === 'run.continued') this.#isCut = true
    if (this.#events && this.#events.push(event) % pageSize === 0) this.#turnPage()
  }

  /** The whole log if it was kept. Nothing is kept from here on. */
  take(): readonly NewEvent[] | undefined {
    const events = this.#events
    this.#events = undefined
    this.#room.giveBack(this.#pages)
    this.#pages = 0
    return events
  }

  #turnPage(): void {
    if (!this.#isCut && this.#room.take()) this.#pages++
    else this.take()
  }
}
