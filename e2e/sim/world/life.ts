/** A kill that waits for its place to be passed. */
interface Ambush {
  readonly point: string
  /** Passes that survive. */
  left: number
}

/** Something that is to happen in a life. */
export interface Due {
  readonly run: () => void
}

/**
 * The life of one process. When it is over nothing of it happens any more: its timers do not ring, its calls get no
 * answer, its promises stay open. What code still runs in the same turn reaches nothing: every port looks here first.
 */
export class Life {
  readonly name: string
  readonly number: number
  isDead = false
  isPaused = false
  /** By how much its wall clock is wrong, in milliseconds. */
  wallOffset = 0
  /** Until when it cannot reach the store, by the running clock. */
  cutUntil = 0
  /** Until when what it sends to the store comes late, by the running clock, and how late. */
  lagUntil = 0
  lagMs = 0
  /** What fell due while it was stopped. */
  readonly held: Due[] = []
  readonly #onDeath: ((how: string) => void)[] = []
  #ambush: Ambush | undefined

  constructor(name: string, number: number) {
    this.name = name
    this.number = number
  }

  /** Ends it in the middle of whatever it does. */
  die(how: string): void {
    if (this.isDead) return
    this.isDead = true
    this.held.length = 0
    for (const tell of this.#onDeath.splice(0)) tell(how)
  }

  onDeath(tell: (how: string) => void): void {
    this.#onDeath.push(tell)
  }

  /** Lets it die at the place, after some passes that it survives. */
  arm(point: string, skip: number): void {
    this.#ambush = { point, left: skip }
  }

  /** Passes a place where it may die. True when it is dead. */
  pass(point: string): boolean {
    const ambush = this.#ambush
    if (ambush?.point === point && ambush.left-- === 0) {
      this.#ambush = undefined
      this.die(point)
    }
    return this.isDead
  }
}

/** What somebody who died waits for. */
export function never<T>(): Promise<T> {
  return new Promise(() => {
    // Nobody is left to hear of it.
  })
}
