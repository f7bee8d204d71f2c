// Which calls of a turn may begin. Pure: no clock, no promises.

import { Lanes, type LaneItem, type LaneNeeds } from './lanes.ts'

/** One thing to be done. */
export interface Job {
  /** The kind of work; undefined for a gate, which is done as soon as what it waits for is. */
  readonly lane?: string
  readonly priority: number
  /** Jobs, by their place, that must have ended before. */
  readonly waitsFor: readonly number[]
}

/** What a {@link Schedule} goes by. */
export interface ScheduleOptions {
  needsOf(lane: string): LaneNeeds
  capacityOf(resource: string): number
}

/*
 * S1 A job begins after all that it waits for have ended, never before.
 * S2 Every job begins once, and once more each time after it was parked.
 * S3 Nothing waits that could begin: whoever begins all that `next` gives, after every call of the others, keeps it.
 *
 * The jobs must not wait for each other in a circle, and none may need more than there is: they would never begin.
 */
export class Schedule {
  readonly #jobs: readonly Job[]
  readonly #options: ScheduleOptions
  readonly #lanes: Lanes<LaneItem>
  readonly #items = new Map<number, LaneItem>()
  readonly #open: number[]
  readonly #dependents = new Map<number, number[]>()
  /** Jobs whose turn in a lane has come since somebody looked. */
  #fresh: number[] = []

  constructor(jobs: readonly Job[], options: ScheduleOptions) {
    this.#jobs = jobs
    this.#options = options
    this.#lanes = new Lanes(options)
    this.#open = jobs.map(({ waitsFor }) => waitsFor.length)
    for (const [place, { waitsFor }] of jobs.entries()) for (const before of waitsFor) this.#link(before, place)
    for (const [place, { waitsFor }] of jobs.entries()) if (waitsFor.length === 0) this.#ready(place)
  }

  /** The next job to begin; undefined when none can now. */
  next(): number | undefined {
    return this.#lanes.next()?.order
  }

  /** The jobs that became ready since the last call, whether or not there is room for them. */
  takeReady(): readonly number[] {
    const fresh = this.#fresh
    if (fresh.length > 0) this.#fresh = []
    return fresh
  }

  /** A job that began, or was parked, has ended. */
  finish(place: number): void {
    this.#release(place)
    for (const later of this.#dependents.get(place) ?? []) {
      // Both come from the same list of jobs.
      this.#open[later]!--
      if (this.#open[later] === 0) this.#ready(later)
    }
  }

  /** A job that began waits for something that needs no room. */
  park(place: number): void {
    this.#release(place)
  }

  /** A parked job goes on when there is room. */
  unpark(place: number): void {
    this.#enter(place)
  }

  #link(before: number, later: number): void {
    const known = this.#dependents.get(before)
    if (known) known.push(later)
    else this.#dependents.set(before, [later])
  }

  #ready(place: number): void {
    if (this.#jobs[place]?.lane === undefined) this.finish(place)
    else {
      this.#fresh.push(place)
      this.#enter(place)
    }
  }

  #enter(place: number): void {
    const { lane = '', priority } = this.#jobs[place]!
    const item: LaneItem = { lane, priority, order: place, heapIndex: -1 }
    this.#items.set(place, item)
    this.#lanes.enter(item, this.#options.needsOf(lane))
  }

  #release(place: number): void {
    const item = this.#items.get(place)
    if (!item) return
    this.#items.delete(place)
    this.#lanes.release(item)
  }
}
