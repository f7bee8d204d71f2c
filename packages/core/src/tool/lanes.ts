// Who goes next among work that waits for room. Pure: no clock, no promises. A lane is the queue of one kind of work.

import { createHeap, type Heap, type HeapItem } from '../base/heap.ts'

/** What work of one kind needs before it may begin. */
export interface LaneNeeds {
  /** Units that it holds while at work, by resource. */
  readonly units: readonly (readonly [resource: string, units: number])[]
  /** Kinds that must not be at work at the same time. */
  readonly excludes: readonly string[]
}

/** Work that waits or is under way. Lower `order` goes first among equal priorities. */
export interface LaneItem extends HeapItem {
  readonly lane: string
  readonly priority: number
  readonly order: number
}

/** What {@link Lanes} go by. */
export interface LanesOptions {
  capacityOf(resource: string): number
  /**
   * How often others may overtake a kind that waits for room. From then on nobody takes what it waits for: work that needs
   * much is not starved by work that needs little. Never unless said.
   */
  readonly patience?: number
}

interface Lane<T extends LaneItem> {
  readonly name: string
  needs: LaneNeeds
  readonly queue: Heap<T>
  waiting: number
  atWork: number
  overtaken: number
}

/*
 * L1 What is at work never needs more of a resource than there is, and never together with what it excludes.
 * L2 Without patience nothing waits that could begin.
 * L3 Of what could begin, the highest priority goes first, then the lowest order.
 */
export class Lanes<T extends LaneItem> {
  readonly #options: LanesOptions
  readonly #lanes = new Map<string, Lane<T>>()
  readonly #used = new Map<string, number>()
  /** Lanes where something waits. */
  readonly #queued = new Set<Lane<T>>()

  constructor(options: LanesOptions) {
    this.#options = options
  }

  /** Puts work into the queue of its lane. The needs given last are those of the whole lane. */
  enter(item: T, needs: LaneNeeds): void {
    const lane = this.#lane(item.lane, needs)
    lane.needs = needs
    lane.waiting++
    lane.queue.push(item)
    this.#queued.add(lane)
  }

  /** Takes waiting work out again. */
  leave(item: T): void {
    const lane = this.#lanes.get(item.lane)
    if (!lane || item.heapIndex < 0) return
    this.#take(lane, item)
    this.#forget(lane)
  }

  /** The next work to begin, which now holds what it needs; undefined when nothing can. */
  next(): T | undefined {
    const held = this.#heldResources()
    let best: { readonly lane: Lane<T>; readonly item: T } | undefined
    for (const lane of this.#queued) {
      // A lane is listed while something waits in it.
      const item = lane.queue.top()!
      if (best && !isBefore(item, best.item)) continue
      if (this.#hasRoom(lane) && !isHeld(lane, held)) best = { lane, item }
    }
    if (!best) return undefined
    this.#countOvertaken(best.item)
    this.#take(best.lane, best.item)
    best.lane.overtaken = 0
    best.lane.atWork++
    this.#use(best.lane, 1)
    return best.item
  }

  /** Work ended, or waits for something else: it holds nothing any more. */
  release(item: T): void {
    // What is at work keeps its lane.
    const lane = this.#lanes.get(item.lane)!
    lane.atWork--
    this.#use(lane, -1)
    this.#forget(lane)
  }

  #lane(name: string, needs: LaneNeeds): Lane<T> {
    const known = this.#lanes.get(name)
    if (known) return known
    const lane: Lane<T> = { name, needs, queue: createHeap<T>(isBefore), waiting: 0, atWork: 0, overtaken: 0 }
    this.#lanes.set(name, lane)
    return lane
  }

  #take(lane: Lane<T>, item: T): void {
    lane.queue.remove(item)
    lane.waiting--
    if (lane.waiting === 0) this.#queued.delete(lane)
  }

  #forget(lane: Lane<T>): void {
    if (lane.waiting === 0 && lane.atWork === 0) this.#lanes.delete(lane.name)
  }

  /** L1. */
  #hasRoom({ needs }: Lane<T>): boolean {
    for (const [resource, units] of needs.units)
      if ((this.#used.get(resource) ?? 0) + units > this.#options.capacityOf(resource)) return false
    for (const name of needs.excludes) if ((this.#lanes.get(name)?.atWork ?? 0) > 0) return false
    return true
  }

  #use({ needs }: Lane<T>, sign: 1 | -1): void {
    for (const [resource, units] of needs.units) {
      const used = (this.#used.get(resource) ?? 0) + sign * units
      if (used === 0) this.#used.delete(resource)
      else this.#used.set(resource, used)
    }
  }

  #heldResources(): ReadonlySet<string> {
    const { patience } = this.#options
    if (patience === undefined) return nothingHeld
    const held = new Set<string>()
    for (const lane of this.#queued) {
      if (lane.overtaken < patience || this.#hasRoom(lane)) continue
      for (const [resource] of lane.needs.units) held.add(resource)
    }
    return held
  }

  #countOvertaken(winner: T): void {
    if (this.#options.patience === undefined) return
    for (const lane of this.#queued) if (isBefore(lane.queue.top()!, winner)) lane.overtaken++
  }
}

const nothingHeld: ReadonlySet<string> = new Set()

/** L3. */
function isBefore(a: LaneItem, b: LaneItem): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.order < b.order)
}

function isHeld({ needs }: { readonly needs: LaneNeeds }, held: ReadonlySet<string>): boolean {
  return held.size > 0 && needs.units.some(([resource]) => held.has(resource))
}
