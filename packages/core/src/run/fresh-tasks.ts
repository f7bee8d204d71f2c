import type { Entry } from './entry.ts'

/** What beginning tasks needs of the driver. */
export interface FreshOwner {
  readonly isFrozen: boolean
  hold(): void
  unhold(): void
  whenDurable(then: () => void): void
}

/**
 * Tasks that were announced in a window, to begin after it. One whose effect could leave the process waits until its
 * announcement is durable; all that wait share one wait for the disk.
 */
export class FreshTasks {
  readonly #owner: FreshOwner
  #entries: Entry[] | undefined = undefined

  constructor(owner: FreshOwner) {
    this.#owner = owner
  }

  add(entry: Entry): void {
    if (this.#entries) this.#entries.push(entry)
    else this.#entries = [entry]
  }

  has(entry: Entry): boolean {
    return this.#entries?.includes(entry) === true
  }

  /** `isOwed`: what came before is a checkpoint, so that everything waits until it is durable. False: there was nothing. */
  begin(isOwed: boolean): boolean {
    const fresh = this.#entries
    if (!fresh) return false
    this.#entries = undefined
    let gated: Entry[] | undefined
    for (const entry of fresh) {
      if (!(isOwed || entry.needsLog) || entry.cancelReason !== undefined) begin(entry)
      else if (gated) gated.push(entry)
      else gated = fresh.length === 1 ? fresh : [entry]
    }
    if (gated) this.#beginDurable(gated)
    return true
  }

  #beginDurable(gated: readonly Entry[]): void {
    this.#owner.hold()
    this.#owner.whenDurable(() => {
      if (this.#owner.isFrozen) return
      for (const entry of gated) begin(entry)
      this.#owner.unhold()
    })
  }
}

function begin(entry: Entry): void {
  if (entry.isClosed) return
  if (entry.cancelReason === undefined) entry.begin()
  else entry.cancel(entry.cancelReason)
}
