import { MeepoError } from '../base/errors.ts'
import type { Scheduler } from '../base/ports.ts'
import { Lanes, type LaneItem, type LaneNeeds } from './lanes.ts'
import type { Tool } from './tool.ts'

/** How often small work may overtake large work that waits for room. */
const patience = 64

/** Who asks for room. */
export interface SlotRequest {
  readonly priority: number
  readonly signal: AbortSignal
  /** Gives up after so long. */
  readonly maxWaitMs: number
  /** Told what it waits for, and with nothing when it goes on; not called when there is room at once. */
  waiting(what?: string): void
}

interface Waiter extends LaneItem {
  grant(): void
}

/** The room that calls of a process share: slots of tools, and units of pools. */
export class Slots {
  readonly #scheduler: Scheduler
  readonly #capacities = new Map<string, number>()
  readonly #lanes: Lanes<Waiter>
  #count = 0

  constructor(scheduler: Scheduler, pools: Readonly<Record<string, number>>) {
    this.#scheduler = scheduler
    for (const [pool, capacity] of Object.entries(pools)) this.#capacities.set(`pool:${pool}`, capacity)
    this.#lanes = new Lanes({
      patience,
      // Asked for what the needs below name.
      capacityOf: (resource) => this.#capacities.get(resource)!,
    })
  }

  /**
   * Resolves with what gives the room back, to be called once. Rejects with `tool.impossible`, `limit.exceeded` after the longest wait, or the
   * reason of the signal; nothing is held then.
   */
  async take(tool: Tool, request: SlotRequest): Promise<() => void> {
    request.signal.throwIfAborted()
    const needs = this.#needsOf(tool)
    if (needs.units.length === 0) return nothing
    const granted = Promise.withResolvers<void>()
    const item: Waiter = {
      lane: tool.name,
      priority: request.priority,
      order: this.#count++,
      heapIndex: -1,
      grant: granted.resolve,
    }
    this.#lanes.enter(item, needs)
    this.#grant()
    if (item.heapIndex >= 0) await this.#wait(tool, item, request, granted)
    return () => {
      this.#lanes.release(item)
      this.#grant()
    }
  }

  #needsOf({ name, concurrency, pools = {} }: Tool): LaneNeeds {
    const units: (readonly [string, number])[] = []
    if (concurrency !== undefined) {
      this.#capacities.set(`tool:${name}`, concurrency)
      units.push([`tool:${name}`, 1])
    }
    for (const [pool, count] of Object.entries(pools)) {
      const capacity = this.#capacities.get(`pool:${pool}`)
      if (capacity === undefined)
        throw new MeepoError('tool.impossible', `${name} takes from the pool ${pool}, which nobody declared`)
      if (count > capacity)
        throw new MeepoError('tool.impossible', `${name} needs ${count} of the pool ${pool}, which has ${capacity}`)
      units.push([`pool:${pool}`, count])
    }
    return { units, excludes: [] }
  }

  async #wait(
    { name }: Tool,
    item: Waiter,
    { signal, maxWaitMs, waiting }: SlotRequest,
    granted: PromiseWithResolvers<void>,
  ): Promise<void> {
    const late = (): void =>
      leave(new MeepoError('limit.exceeded', `no room for ${name} within ${maxWaitMs} ms`, { notSent: true }))
    const leave = (reason: Error): void => {
      this.#lanes.leave(item)
      granted.reject(reason)
      // Whoever it held up may go.
      this.#grant()
    }
    const onAbort = (): void => leave(signal.reason as Error)
    const stop = this.#scheduler.after(maxWaitMs, late)
    signal.addEventListener('abort', onAbort, { once: true })
    waiting(`room for ${name}`)
    try {
      await granted.promise
    } finally {
      stop()
      signal.removeEventListener('abort', onAbort)
      waiting()
    }
  }

  #grant(): void {
    for (let item = this.#lanes.next(); item; item = this.#lanes.next()) item.grant()
  }
}

function nothing(): void {}
