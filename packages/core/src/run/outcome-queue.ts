import type { Outcome } from './entry.ts'

/** Outcomes that wait for their delivery. There is none or one at nearly all times; wide runs have hundreds. */
export class OutcomeQueue {
  /** The oldest ones, the first of them last: taking it moves no other. */
  #next: Outcome[] | undefined = undefined
  /** Those behind them. */
  #rest: Outcome[] | undefined = undefined

  get isEmpty(): boolean {
    return this.#next === undefined && this.#rest === undefined
  }

  push(outcome: Outcome): void {
    if (this.#rest) this.#rest.push(outcome)
    else this.#rest = [outcome]
  }

  shift(): Outcome | undefined {
    if (!this.#next) {
      this.#next = this.#rest?.reverse()
      this.#rest = undefined
    }
    const outcome = this.#next?.pop()
    if (this.#next?.length === 0) this.#next = undefined
    return outcome
  }

  takeAll(): readonly Outcome[] {
    const queue = [...(this.#next?.reverse() ?? []), ...(this.#rest ?? [])]
    this.#next = undefined
    this.#rest = undefined
    return queue
  }
}
