import type { LimitCounts } from './limit.ts'
import type { Holder, Lesson, PermitSettlement, Refusal, TakeOutcome, TakeRequest } from './counters.ts'
import { advance, cutRate, endIn, lowerTo, roomAt, takeFrom, type Bucket, type Reserved } from './bucket.ts'
import type { Rule } from './rule.ts'

/** A permit that has not ended, with its part of each bucket. */
export interface OpenPermit {
  readonly id: string
  readonly holder: string
  readonly parts: readonly PermitPart[]
}

/** A bucket and what the permit holds of it. */
export interface PermitPart extends Reserved {
  readonly bucket: Bucket
}

/**
 * Where the state is while it is decided on: the memory of this process, or the rows that a transaction has loaded.
 * `now` is a whole number of milliseconds that never goes back for long: see each method of {@link Decider}.
 */
export interface CounterRows {
  /** The bucket, with the rule as it is configured now; a full one when there was none. Changed in place. */
  bucket(rule: Rule, value: string): Bucket
  permit(id: string): OpenPermit | undefined
  addPermit(permit: OpenPermit): void
  removePermit(permit: OpenPermit): void
  /** When the pair has cooled down; 0 when it is not cooling. */
  coolsUntil(key: string): number
  cool(key: string, until: number): void
  /** When the time of the holder is over; 0 when it is not known. */
  expiresAt(holder: string): number
}

/** A call of a provider that claims to have used more is not believed: the reservation stays. */
const mostUsed = 1e9

/**
 * Decides requests in their order, each whole. The caller has made the holder known and swept the dead ones.
 * See `Counters.take`.
 */
export function takeAll(
  rows: CounterRows,
  holder: Holder,
  requests: readonly TakeRequest[],
  now: number,
): readonly TakeOutcome[] {
  // Buckets that a refused request of this call waits for: later ones must not take from them before it does.
  const held = new Map<Bucket, number>()
  return requests.map((request) => takeOne(rows, holder, request, now, held))
}

const granted: TakeOutcome = { kind: 'granted' }

function takeOne(
  rows: CounterRows,
  holder: Holder,
  request: TakeRequest,
  now: number,
  held: Map<Bucket, number>,
): TakeOutcome {
  // The answer was lost and the request is repeated.
  if (rows.permit(request.id) !== undefined) return granted
  let refusal = cooling(rows, request.cooldown, now)
  let binding: Bucket | undefined
  const wanted: { readonly bucket: Bucket; readonly amount: number }[] = []
  for (const { rule, value, amount } of request.asks) {
    if (amount > rule.capacity) return refuse('impossible', rule.name, value, 0)
    const bucket = rows.bucket(rule, value)
    wanted.push({ bucket, amount })
    advance(bucket, now)
    const isSlots = rule.counts === 'concurrent'
    const freeAt = isSlots ? slotsAt(rows, bucket, amount, now) : roomAt(bucket, amount)
    const waitMs = Math.max(freeAt, held.get(bucket) ?? 0) - now
    if (waitMs > (refusal?.retryAfterMs ?? 0)) {
      refusal = refuse(isSlots ? 'concurrent' : 'rate', rule.name, value, waitMs)
      binding = bucket
    }
  }
  if (refusal !== undefined) {
    if (binding !== undefined) held.set(binding, now + refusal.retryAfterMs)
    return refusal
  }
  const parts = wanted.map(({ bucket, amount }) => ({ bucket, amount, mark: takeFrom(bucket, amount, holder.id) }))
  rows.addPermit({ id: request.id, holder: holder.id, parts })
  return granted
}

function cooling(rows: CounterRows, key: string | undefined, now: number): Refusal | undefined {
  if (key === undefined) return undefined
  const leftMs = rows.coolsUntil(key) - now
  return leftMs > 0 ? refuse('cooldown', 'cooldown', key, leftMs) : undefined
}

function refuse(why: Refusal['why'], limit: string, value: string, retryAfterMs: number): Refusal {
  return { kind: 'refused', why, limit, value, retryAfterMs }
}

/** When that many slots are free: now, or when enough holders' time is over. */
function slotsAt(rows: CounterRows, { rule, open, slots }: Bucket, amount: number, now: number): number {
  let missing = open + amount - rule.capacity
  if (missing <= 0) return 0
  let freeAt = now + 1
  const ends = [...slots].map(([holder, count]) => ({ at: rows.expiresAt(holder), count }))
  for (const { at, count } of ends.toSorted((a, b) => a.at - b.at)) {
    freeAt = Math.max(freeAt, at)
    missing -= count
    if (missing <= 0) break
  }
  return freeAt
}

/** See `Counters.settle`. */
export function settleOne(rows: CounterRows, { id, actual }: PermitSettlement, now: number): void {
  end(rows, id, now, (counts, amount) => believable(actual[counts]) ?? amount)
}

/** See `Counters.release`. */
export function releaseOne(rows: CounterRows, id: string, now: number): void {
  end(rows, id, now, () => 0)
}

/** Ends the permit of a dead holder: nobody knows what it used, so rates keep its reservation. */
export function abandonOne(rows: CounterRows, id: string, now: number): void {
  end(rows, id, now, (_, amount) => amount)
}

function end(
  rows: CounterRows,
  id: string,
  now: number,
  usedOf: (counts: LimitCounts, amount: number) => number,
): void {
  const permit = rows.permit(id)
  if (permit === undefined) return
  for (const part of permit.parts) {
    advance(part.bucket, now)
    endIn(part.bucket, part, usedOf(part.bucket.rule.counts, part.amount), permit.holder)
  }
  rows.removePermit(permit)
}

function believable(used: number | undefined): number | undefined {
  if (used === undefined || !(used >= 0 && used <= mostUsed)) return undefined
  return Math.ceil(used)
}

/** See `Counters.learn`. What a provider says is about its key and its model: other scopes are ours alone. */
export function learnOne(rows: CounterRows, { id, headers, isThrottled, cooldown }: Lesson, now: number): void {
  const { retryAfterMs, windows } = headers
  if (cooldown !== undefined && retryAfterMs !== undefined) {
    rows.cool(cooldown, Math.max(rows.coolsUntil(cooldown), now + Math.ceil(retryAfterMs)))
  }
  for (const { bucket, amount, mark } of rows.permit(id)?.parts ?? []) {
    const { scope, counts } = bucket.rule
    if ((scope !== 'key' && scope !== 'model') || counts === 'concurrent') continue
    advance(bucket, now)
    for (const window of windows) if (window.counts === counts) lowerTo(bucket, window.remaining, mark, amount)
    if (isThrottled && retryAfterMs === undefined) cutRate(bucket, mark)
  }
}
