import type { Outcome } from './entry.ts'

/** Outcomes that wait for their delivery. There is none or one at nearly all times. */
export class OutcomeQueue {
  #queue: Outcome[] | undefined = undefined

  get isEmpty(): boolean {
    return this.#queue === undefined
  }

  push(outcome: Outcome): void {
    if (this.#queue) this.#queue.push(outcome)
    else this.#queue = [outcome]
  }

  shift(): Outcome | undefined {
    const queue = this.#queue
    if (queue?.length !== 1) return queue?.shift()
    this.#queue = undefined
    return queue[0]
  }

  takeAll(): readonly Outcome[] {
    const queue = this.#queue ?? []
    this.#queue = undefined
    return queue
  }
}
