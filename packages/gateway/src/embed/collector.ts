import type { Scheduler } from '@meepo/core'

import type { EmbedSlice } from './embed-slice.ts'

/** How calls are put together. */
export interface CollectOptions {
  /** How long the first of them waits for others. 0: not at all. */
  readonly waitMs: number
  /** Texts in one request at most, beside what the provider takes. */
  readonly maxValues: number
  /** Tokens in one request at most, by our own count. */
  readonly maxTokens: number
}

interface Bucket {
  slices: EmbedSlice[]
  values: number
  tokens: number
  readonly stop: () => void
}

/** Puts slices of one kind into one request: until it is full, or the first one has waited long enough. */
export class Collector {
  readonly #buckets = new Map<string, Bucket>()
  readonly #options: CollectOptions
  readonly #scheduler: Pick<Scheduler, 'after'>
  readonly #send: (slices: readonly EmbedSlice[]) => void

  constructor(
    options: CollectOptions,
    scheduler: Pick<Scheduler, 'after'>,
    send: (slices: readonly EmbedSlice[]) => void,
  ) {
    this.#options = options
    this.#scheduler = scheduler
    this.#send = send
  }

  /** `maxValues`: what the provider takes at once. */
  add(slice: EmbedSlice, maxValues: number): void {
    if (this.#options.waitMs === 0) return this.#send([slice])
    const key = keyOf(slice)
    const most = Math.min(maxValues, this.#options.maxValues)
    const open = this.#buckets.get(key)
    const isFull =
      open && (open.values + slice.values.length > most || open.tokens + slice.tokens > this.#options.maxTokens)
    if (isFull) this.#flush(key)
    const bucket = (!isFull && open) || this.#start(key)
    bucket.slices.push(slice)
    bucket.values += slice.values.length
    bucket.tokens += slice.tokens
    if (bucket.values >= most || bucket.tokens >= this.#options.maxTokens) this.#flush(key)
  }

  #start(key: string): Bucket {
    const stop = this.#scheduler.after(this.#options.waitMs, () => this.#flush(key))
    const bucket: Bucket = { slices: [], values: 0, tokens: 0, stop }
    this.#buckets.set(key, bucket)
    return bucket
  }

  #flush(key: string): void {
    const bucket = this.#buckets.get(key)
    if (!bucket) return
    this.#buckets.delete(key)
    bucket.stop()
    this.#send(bucket.slices)
  }
}

/** Values of two tenants never travel in one request. */
function keyOf({ place, tenant, dimensions, providerOptions }: EmbedSlice): string {
  return JSON.stringify([place.target.id, tenant, dimensions, providerOptions])
}
