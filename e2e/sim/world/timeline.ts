import type { Scheduler, Stop } from '@meepo/core'
import type { Life } from './life.ts'
import type { Trace } from './trace.ts'

/*
 * Virtual time. One event at a time, in the order of their times, ties in the order in which they were made; between
 * two events every microtask ends. Nothing else moves anything, so the order of everything follows from the seed.
 */

/** Shortly before midnight on the last day of a month: budgets of a day and a month start anew on the way. */
const beginAt = Date.UTC(2026, 10, 30, 23, 59, 40)

interface TimedEvent {
  at: number
  order: number
  readonly life: Life | undefined
  readonly what: string
  readonly run: () => void
  /** Of a turn: what ends it, when every microtask of its beginning has. */
  readonly close: (() => void) | undefined
  isStopped: boolean
}

export class Timeline {
  readonly #trace: Trace
  /** A binary heap: the next event first. */
  readonly #heap: TimedEvent[] = []
  #made = 0
  /** Events that were run. */
  count = 0
  /** Milliseconds since the simulation began. */
  elapsed = 0
  #tick = 0
  /** Called between two events: nothing happens until it is over. */
  look: () => Promise<void> = () => Promise.resolve()

  constructor(trace: Trace) {
    this.#trace = trace
  }

  /** Rises with every call: tells what came before what within one millisecond. */
  tick(): number {
    return ++this.#tick
  }

  /** Events that wait to happen in a life. */
  get pending(): number {
    return this.#heap.filter(({ life, isStopped }) => life?.isDead === false && !isStopped).length
  }

  /** The true wall clock. */
  now(): number {
    return beginAt + Math.floor(this.elapsed)
  }

  /** Lets something happen in a life, or in the world when there is none. */
  after(ms: number, life: Life | undefined, what: string, run: () => void, close?: () => void): Stop {
    const at = this.elapsed + Math.max(0, ms)
    const event: TimedEvent = { at, order: this.#made++, life, what, run, close, isStopped: false }
    this.#push(event)
    return () => {
      event.isStopped = true
    }
  }

  /** Runs events until `isOver`, or until none is left. */
  async run(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      const event = this.#pop()
      if (event === undefined) return
      if (event.isStopped || event.life?.isDead === true) continue
      if (event.life?.isPaused === true) {
        // The same event, later: whoever stops it then must find it.
        event.life.held.push({ run: () => this.#push(Object.assign(event, { at: this.elapsed, order: this.#made++ })) })
        continue
      }
      await this.#happen(event)
      await this.look()
    }
  }

  async #happen(event: TimedEvent): Promise<void> {
    this.elapsed = Math.max(this.elapsed, event.at)
    this.count++
    this.#trace.note(`${this.elapsed.toFixed(3)} ${event.life?.name ?? 'world'} ${event.what}`)
    event.run()
    await microtasks()
    if (event.close === undefined || event.life?.isDead === true) return
    event.close()
    await microtasks()
  }

  #push(event: TimedEvent): void {
    const heap = this.#heap
    let index = heap.length
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(event, parent)) break
      heap[index] = parent
      index = above
    }
    heap[index] = event
  }

  #pop(): TimedEvent | undefined {
    const heap = this.#heap
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || top === last) return top
    let index = 0
    for (;;) {
      const left = heap[2 * index + 1]
      const right = heap[2 * index + 2]
      const below = right !== undefined && left !== undefined && isBefore(right, left) ? 2 * index + 2 : 2 * index + 1
      const child = heap[below]
      if (child === undefined || !isBefore(child, last)) break
      heap[index] = child
      index = below
    }
    heap[index] = last
    return top
  }
}

function isBefore(a: TimedEvent, b: TimedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

/** The one real macrotask: it belongs to no clock, and no other input or output is under way. */
const immediate = setImmediate

function microtasks(): Promise<void> {
  return new Promise((resolve) => {
    immediate(resolve)
  })
}

/** The clock and the turns of one process. Timers are a little late, as on a real machine. */
export function schedulerOf(timeline: Timeline, life: Life, lateness: () => number): Scheduler {
  return {
    now: () => timeline.now() + life.wallOffset,
    elapsed: () => timeline.elapsed,
    after: (ms, run) => timeline.after(ms + lateness(), life, 'timer', run),
    turn: (open, close) => void timeline.after(lateness() / 4, life, 'turn', open, close),
  }
}
