import { cloneJson } from '../base/json-copy.ts'
import type { Json } from '../base/json.ts'
import type { Scheduler } from '../base/ports.ts'

/** A result that was kept. */
export interface CachedResult {
  readonly value: Json
  /** How long it took to get. */
  readonly ms: number
}

interface Entry extends CachedResult {
  readonly size: number
  /** By the running clock. */
  readonly until: number
  readonly tags: readonly string[]
}

/** A read under way, whose result may be wrong before it is there. */
export interface PendingRead {
  readonly tags: readonly string[]
  isStale: boolean
}

/** How much a {@link ResultCache} may hold. */
export interface CacheBounds {
  readonly entries: number
  /** About, as UTF-16 units of JSON text. */
  readonly size: number
}

/*
 * Results of tools, in memory. Keys and tags are the caller's, who puts the tenant into them.
 *
 * C1 What is over its time, or had one of its tags invalidated, is never given out.
 * C2 A read that began before its tags were invalidated is not kept.
 * C3 What was not asked for longest goes first when there is too much.
 */
export class ResultCache {
  readonly #scheduler: Scheduler
  readonly #bounds: CacheBounds
  /** In the order of their last use. */
  readonly #entries = new Map<string, Entry>()
  readonly #byTag = new Map<string, Set<string>>()
  readonly #pending = new Set<PendingRead>()
  #size = 0

  constructor(scheduler: Scheduler, bounds: CacheBounds) {
    this.#scheduler = scheduler
    this.#bounds = bounds
  }

  /** A copy of its own for each caller. */
  get(key: string): CachedResult | undefined {
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    this.#entries.delete(key)
    if (entry.until <= this.#scheduler.elapsed()) {
      this.#forget(key, entry)
      return undefined
    }
    this.#entries.set(key, entry)
    return { value: cloneJson(entry.value), ms: entry.ms }
  }

  /** C2. Must be ended by `end`. */
  begin(tags: readonly string[]): PendingRead {
    const read = { tags, isStale: false }
    this.#pending.add(read)
    return read
  }

  end(read: PendingRead): void {
    this.#pending.delete(read)
  }

  put(key: string, read: PendingRead, result: CachedResult & { readonly size: number; readonly forMs: number }): void {
    const { value, ms, forMs } = result
    const size = result.size + key.length
    if (read.isStale || size > this.#bounds.size / 10) return
    this.#drop(key)
    const entry = { value, ms, size, until: this.#scheduler.elapsed() + forMs, tags: read.tags }
    this.#entries.set(key, entry)
    this.#size += size
    for (const tag of entry.tags) this.#tagged(tag).add(key)
    while (this.#entries.size > this.#bounds.entries || this.#size > this.#bounds.size) {
      // It holds at least the new one, which alone is within bounds.
      this.#drop(this.#entries.keys().next().value!)
    }
  }

  /** C1, C2. */
  invalidate(tags: readonly string[]): void {
    for (const tag of tags) for (const key of this.#byTag.get(tag) ?? []) this.#drop(key)
    for (const read of this.#pending) if (read.tags.some((tag) => tags.includes(tag))) read.isStale = true
  }

  get count(): number {
    return this.#entries.size
  }

  get size(): number {
    return this.#size
  }

  #tagged(tag: string): Set<string> {
    const known = this.#byTag.get(tag) ?? new Set()
    this.#byTag.set(tag, known)
    return known
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key)
    if (!entry) return
    this.#entries.delete(key)
    this.#forget(key, entry)
  }

  #forget(key: string, entry: Entry): void {
    this.#size -= entry.size
    for (const tag of entry.tags) {
      const keys = this.#byTag.get(tag)
      keys?.delete(key)
      if (keys?.size === 0) this.#byTag.delete(tag)
    }
  }
}
