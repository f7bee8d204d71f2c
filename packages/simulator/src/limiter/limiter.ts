import { Bucket } from './bucket.ts'
import type { BucketReport } from './bucket.ts'
import type { LimitState, LimitUnit } from './limit-state.ts'
import type { SimulatorLimit } from './limit.ts'
import { Slots } from './slots.ts'

/** A limit as one key and model saw it. */
export interface LimitReport extends BucketReport {
  readonly provider: string
  /** `*` when no key was sent. */
  readonly key: string
  /** `*` for a limit that all models share. */
  readonly model: string
}

/** What a request is expected to use. */
export interface Expected {
  readonly inputTokens: number
  readonly outputTokens: number
}

/** What it used. */
export interface Used {
  /** Without what was read from a cache. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** Read from a cache; part of `tokens` only. */
  readonly cachedInputTokens: number
}

/** A request that was let through, or was not. */
export type Admission =
  | { readonly isAdmitted: true; readonly states: readonly LimitState[]; settle(used: Used): void }
  | {
      readonly isAdmitted: false
      readonly states: readonly LimitState[]
      readonly waitMs: number
      readonly unit: LimitUnit
      readonly limit: number
    }

interface Share {
  readonly key: string
  readonly model: string
  readonly buckets: readonly Bucket[]
  readonly slots: Slots | undefined
}

const RETRY_SLOT_MS = 1000

/** The limits of one virtual provider: all or nothing for each request. */
export class Limiter {
  readonly #provider: string
  readonly #limits: readonly SimulatorLimit[]
  readonly #clock: () => number
  readonly #shares = new Map<string, Share>()

  constructor(provider: string, limits: readonly SimulatorLimit[], clock: () => number) {
    this.#provider = provider
    this.#limits = limits
    this.#clock = clock
  }

  /** False when nothing has to be counted. */
  get hasLimits(): boolean {
    return this.#limits.length > 0
  }

  admit(key: string, model: string, expected: Expected): Admission {
    const now = this.#clock()
    const shares = this.#sharesOf(key, model, now)
    const buckets = shares.flatMap((share) => share.buckets)
    const slots = shares.flatMap((share) => share.slots ?? [])
    for (const bucket of buckets) bucket.see(expectedOf(bucket.unit, expected), now)
    for (const slot of slots) slot.see()
    const states = (): LimitState[] => [...buckets.map((bucket) => bucket.state(now)), ...slots.map((s) => s.state())]

    const refusing = worst(buckets, expected, now)
    if (refusing !== undefined) {
      refusing.bucket.refuse()
      const { unit, limit } = refusing.bucket.report()
      return { isAdmitted: false, states: states(), waitMs: refusing.waitMs, unit, limit }
    }
    const full = slots.find((slot) => slot.isFull)
    if (full !== undefined) {
      full.refuse()
      const { limit } = full.report()
      return { isAdmitted: false, states: states(), waitMs: RETRY_SLOT_MS, unit: 'concurrency', limit }
    }
    for (const bucket of buckets) {
      bucket.take(takenOf(bucket.unit, expected), now)
      if (bucket.unit === 'requests') bucket.count(1, now)
    }
    for (const slot of slots) slot.take()
    return { isAdmitted: true, states: states(), settle: (used) => this.#settle(buckets, slots, expected, used) }
  }

  report(): LimitReport[] {
    return [...this.#shares.values()].flatMap(({ key, model, buckets, slots }) =>
      [...buckets, ...(slots === undefined ? [] : [slots])].map((part) => ({
        provider: this.#provider,
        key,
        model,
        ...part.report(),
      })),
    )
  }

  #settle(buckets: readonly Bucket[], slots: readonly Slots[], expected: Expected, used: Used): void {
    const now = this.#clock()
    for (const bucket of buckets) {
      if (bucket.unit === 'requests') continue
      const actual = usedOf(bucket.unit, used)
      bucket.take(actual - takenOf(bucket.unit, expected), now)
      bucket.count(actual, now)
    }
    for (const slot of slots) slot.release()
  }

  #sharesOf(key: string, model: string, now: number): Share[] {
    const shares: Share[] = []
    for (const [index, limit] of this.#limits.entries()) {
      if (limit.key !== undefined && limit.key !== key) continue
      if (limit.model !== undefined && limit.model !== model) continue
      const shareModel = limit.acrossModels === true ? '*' : model
      const id = `${index}\n${key}\n${shareModel}`
      let share = this.#shares.get(id)
      if (share === undefined) {
        share = { key: key === '' ? '*' : key, model: shareModel, ...partsOf(limit, now) }
        this.#shares.set(id, share)
      }
      shares.push(share)
    }
    return shares
  }
}

function partsOf(limit: SimulatorLimit, now: number): Pick<Share, 'buckets' | 'slots'> {
  const burst = (limit.burstSeconds ?? 60) / 60
  const rates: readonly [LimitUnit, number | undefined][] = [
    ['requests', limit.requestsPerMinute],
    ['tokens', limit.tokensPerMinute],
    ['input-tokens', limit.inputTokensPerMinute],
    ['output-tokens', limit.outputTokensPerMinute],
  ]
  return {
    buckets: rates.flatMap(([unit, rate]) =>
      rate === undefined ? [] : [new Bucket(unit, rate, Math.max(1, rate * burst), now)],
    ),
    slots: limit.concurrency === undefined ? undefined : new Slots(limit.concurrency),
  }
}

function worst(
  buckets: readonly Bucket[],
  expected: Expected,
  now: number,
): { readonly bucket: Bucket; readonly waitMs: number } | undefined {
  let found: { readonly bucket: Bucket; readonly waitMs: number } | undefined
  for (const bucket of buckets) {
    // Output is not reserved: something must be left.
    const needed = bucket.unit === 'output-tokens' ? 1 : takenOf(bucket.unit, expected)
    const waitMs = bucket.waitFor(needed, now)
    if (waitMs > (found?.waitMs ?? 0)) found = { bucket, waitMs }
  }
  return found
}

/** What a bucket is asked for when a request comes. */
function takenOf(unit: LimitUnit, { inputTokens, outputTokens }: Expected): number {
  if (unit === 'requests') return 1
  if (unit === 'input-tokens') return inputTokens
  return unit === 'tokens' ? inputTokens + outputTokens : 0
}

function expectedOf(unit: LimitUnit, expected: Expected): number {
  return unit === 'output-tokens' ? expected.outputTokens : takenOf(unit, expected)
}

function usedOf(unit: LimitUnit, { inputTokens, outputTokens, cachedInputTokens }: Used): number {
  if (unit === 'input-tokens') return inputTokens
  return unit === 'output-tokens' ? outputTokens : inputTokens + cachedInputTokens + outputTokens
}
