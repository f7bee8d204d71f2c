import { createHeap, type Heap, type HeapItem } from '../../base/heap.ts'
import type { TakeRequest } from './counters.ts'
import type { LimitedCall, Priority } from './limiter.ts'

/** A call that waits for room. */
export interface Waiter {
  readonly call: LimitedCall
  readonly request: TakeRequest
  /** The order of arrival in this limiter. */
  readonly order: number
  /** By the running clock. */
  readonly arrivedAt: number
  /** What its turn costs its tenant: tokens, at least 1. */
  readonly cost: number
  /** The lanes in which it had its fair turn, but lacked another bucket. It is not put behind others there again. */
  readonly earned: Set<Lane>
  band: Priority
  /** Where its last turn ended in virtual time. */
  turnEnd: number
}

/** The waiters of one tenant in one band, in order of arrival, and the tenant's place in the fair order. */
interface Line extends HeapItem {
  readonly weight: number
  readonly waiters: Waiter[]
  /** What the tenant had so far, by its weight: where its next turn begins in virtual time. */
  start: number
  /** Where its next turn ends. Who ends first goes first. */
  finish: number
  /** How many of those that it took the last time were granted. */
  granted: number
}

/**
 * Self-clocked fair queueing over tenants: each that keeps waiting gets its share by weight, less than one of its own
 * requests behind, whatever the others ask for.
 */
class Band {
  readonly #lines = new Map<string, Line>()
  readonly #heap: Heap<Line> = createHeap((a, b) => a.finish < b.finish)
  /** Virtual time: the end of the last turn. Who comes new begins here, with neither credit nor debt. */
  #virtual = 0

  add(waiter: Waiter, weightOf: (tenant: string) => number): void {
    const line = this.#lineOf(waiter, weightOf)
    if (line.waiters.length === 0) line.start = Math.max(line.start, this.#virtual)
    this.#insert(line, waiter)
  }

  first(): Waiter | undefined {
    return this.#heap.top()?.waiters[0]
  }

  /** Takes the next turn; what it costs moves its tenant back in the order. */
  takeTurn(): Waiter | undefined {
    const line = this.#heap.top()
    return line === undefined ? undefined : this.#take(line)[0]
  }

  /**
   * For others who decide on the order: a turn of each tenant, in the fair order, and of those that were granted some the
   * last time up to twice as many. Whether a tenant is behind is not known here, where only a part of it waits: how many
   * it is granted tells.
   */
  takeEach(most: number): readonly Waiter[] {
    const lines: Line[] = []
    for (let line = this.#heap.top(); line !== undefined && lines.length < most; line = this.#heap.top()) {
      this.#heap.remove(line)
      lines.push(line)
    }
    const taken = lines.flatMap((line) => this.#take(line))
    // One more of each in turn, so that none takes the place of another when there are more than may be taken.
    for (let round = 1; taken.length < most; round++) {
      const eager = lines.filter((line) => line.waiters.length > 0 && round < 2 * line.granted)
      if (eager.length === 0) break
      taken.push(...eager.slice(0, most - taken.length).flatMap((line) => this.#take(line)))
    }
    for (const line of lines) line.granted = 0
    return taken
  }

  /** The first waiter of a line in which somebody waits. */
  #take(line: Line): Waiter[] {
    const taken = line.waiters.splice(0, 1)
    for (const waiter of taken) waiter.turnEnd = line.finish
    line.start = line.finish
    this.#place(line)
    return taken
  }

  countOf(tenant: string): number {
    return this.#lines.get(tenant)?.waiters.length ?? 0
  }

  /** The turn was used: whoever comes from now on begins behind it. */
  used(waiter: Waiter): void {
    this.#virtual = Math.max(this.#virtual, waiter.turnEnd)
    const line = this.#lines.get(waiter.call.tenant)
    if (line !== undefined) line.granted++
  }

  /** The turn was not used: the tenant is where it was. */
  undo(waiter: Waiter, weightOf: (tenant: string) => number): void {
    const line = this.#lineOf(waiter, weightOf)
    line.start -= waiter.cost / line.weight
    this.#insert(line, waiter)
  }

  remove(waiter: Waiter): boolean {
    const line = this.#lines.get(waiter.call.tenant)
    const index = line?.waiters.indexOf(waiter) ?? -1
    if (line === undefined || index === -1) return false
    line.waiters.splice(index, 1)
    if (index === 0) this.#place(line)
    return true
  }

  #lineOf({ call: { tenant } }: Waiter, weightOf: (tenant: string) => number): Line {
    let line = this.#lines.get(tenant)
    if (line === undefined) {
      line = { weight: weightOf(tenant), waiters: [], start: 0, finish: 0, granted: 0, heapIndex: -1 }
      this.#lines.set(tenant, line)
    }
    return line
  }

  #insert(line: Line, waiter: Waiter): void {
    // Nearly always the last: only who comes from another lane, or from a lower band, is older than others here.
    const index = line.waiters.findLastIndex(({ order }) => order < waiter.order) + 1
    line.waiters.splice(index, 0, waiter)
    this.#place(line)
  }

  /** After the first of the line, or its start, changed. */
  #place(line: Line): void {
    this.#heap.remove(line)
    const first = line.waiters[0]
    if (first === undefined) return
    line.finish = line.start + first.cost / line.weight
    this.#heap.push(line)
  }

  *[Symbol.iterator](): Generator<Waiter> {
    for (const { waiters } of this.#lines.values()) yield* waiters
  }
}

/** In the order in which they are served. */
const bands: readonly Priority[] = ['high', 'normal', 'low']

/** How a lane is made. */
export interface LaneOptions {
  /** More than 0. */
  readonly weightOf: (tenant: string) => number
  /** Whoever waited longer competes as `high`. */
  readonly maxAgeMs: number
}

/**
 * The calls that wait for one bucket. Three bands in strict order; inside a band tenants share by weight, counted in
 * what their calls ask for, so that a tenant with many or large calls gets its share and not more. In front of all
 * stand those who had their turn and were sent back by a bucket.
 */
export class Lane {
  readonly #options: LaneOptions
  readonly #bands: Readonly<Record<Priority, Band>> = { high: new Band(), normal: new Band(), low: new Band() }
  readonly #front: Waiter[] = []
  /** Nobody is older than this before then. */
  #nextAgeAt = Number.POSITIVE_INFINITY
  #count = 0

  constructor(options: LaneOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#count
  }

  add(waiter: Waiter): void {
    this.#count++
    if (waiter.earned.has(this)) {
      const index = this.#front.findLastIndex((other) => isBefore(other, waiter)) + 1
      this.#front.splice(index, 0, waiter)
      return
    }
    this.#bands[waiter.band].add(waiter, this.#options.weightOf)
    this.#nextAgeAt = Math.min(this.#nextAgeAt, this.#agesAt(waiter))
  }

  /** The turn that was taken led to a permit. */
  used(waiter: Waiter): void {
    this.#bands[waiter.band].used(waiter)
  }

  /** The bucket refused the turn that was taken. */
  undo(waiter: Waiter): void {
    if (waiter.earned.has(this)) {
      this.add(waiter)
      return
    }
    this.#count++
    this.#bands[waiter.band].undo(waiter, this.#options.weightOf)
    this.#nextAgeAt = Math.min(this.#nextAgeAt, this.#agesAt(waiter))
  }

  /** False when it is not here. */
  remove(waiter: Waiter): boolean {
    const index = this.#front.indexOf(waiter)
    if (index !== -1) this.#front.splice(index, 1)
    else if (!this.#bands[waiter.band].remove(waiter)) return false
    this.#count--
    return true
  }

  /** Who goes next. */
  first(now: number): Waiter | undefined {
    this.#age(now)
    return this.#front[0] ?? this.#find((band) => band.first())
  }

  /** Takes the next turn. */
  takeTurn(now: number): Waiter | undefined {
    this.#age(now)
    const waiter = this.#front.shift() ?? this.#find((band) => band.takeTurn())
    if (waiter === undefined) return undefined
    this.#count--
    return waiter
  }

  /** Takes turns of each tenant in each band, after all who had theirs. */
  takeEach(now: number, most: number): readonly Waiter[] {
    this.#age(now)
    const taken = this.#front.splice(0, most)
    for (const band of bands) taken.push(...this.#bands[band].takeEach(most - taken.length))
    this.#count -= taken.length
    return taken
  }

  /** How many of the tenant of one that took its turn still wait in the band. */
  behind({ band, call }: Waiter): number {
    return this.#bands[band].countOf(call.tenant)
  }

  *[Symbol.iterator](): Generator<Waiter> {
    yield* this.#front
    for (const band of bands) yield* this.#bands[band]
  }

  #find(look: (band: Band) => Waiter | undefined): Waiter | undefined {
    for (const name of bands) {
      const waiter = look(this.#bands[name])
      if (waiter !== undefined) return waiter
    }
    return undefined
  }

  #agesAt(waiter: Waiter): number {
    return waiter.arrivedAt + this.#options.maxAgeMs
  }

  #age(now: number): void {
    if (now < this.#nextAgeAt) return
    let nextAgeAt = Number.POSITIVE_INFINITY
    for (const waiter of [...this.#bands.normal, ...this.#bands.low]) {
      if (now < this.#agesAt(waiter)) {
        nextAgeAt = Math.min(nextAgeAt, this.#agesAt(waiter))
        continue
      }
      this.#bands[waiter.band].remove(waiter)
      waiter.band = 'high'
      this.#bands.high.add(waiter, this.#options.weightOf)
    }
    // Looking at all costs time, so it is not done for each of many that come of age one after the other.
    this.#nextAgeAt = Math.max(nextAgeAt, now + this.#options.maxAgeMs / 16)
  }
}

function isBefore(a: Waiter, b: Waiter): boolean {
  return a.band === b.band ? a.order < b.order : bands.indexOf(a.band) < bands.indexOf(b.band)
}
