import type { Stored } from '../log/events.ts'
import type { DriverMail } from './mail.ts'

/** What came from outside for one run: signals that are in its log, and mail that waits to be read. */
export class Post {
  #received: Map<string, Stored> | undefined
  #waiting: DriverMail[] | undefined = undefined
  #seen: Set<string> | undefined = undefined

  constructor(received: ReadonlyMap<string, Stored>) {
    this.#received = received.size > 0 ? new Map(received) : undefined
  }

  /** All signals so far, by name. */
  get received(): ReadonlyMap<string, Stored> {
    return this.#received ?? nothing
  }

  receive(name: string, value: Stored): void {
    this.#received ??= new Map()
    this.#received.set(name, value)
  }

  /** True for mail that was not seen before. */
  isNew(mail: DriverMail): boolean {
    if (this.#seen?.has(mail.id) === true) return false
    this.#seen ??= new Set()
    this.#seen.add(mail.id)
    return true
  }

  /** Keeps mail until the log was replayed. */
  keep(mail: DriverMail): void {
    if (this.#waiting) this.#waiting.push(mail)
    else this.#waiting = [mail]
  }

  takeKept(): readonly DriverMail[] {
    const kept = this.#waiting ?? []
    this.#waiting = undefined
    return kept
  }
}

const nothing: ReadonlyMap<string, Stored> = new Map()
