import type { LimitCounts } from './limit.ts'
import type { Holder, Lesson, PermitSettlement, Refusal, TakeOutcome, TakeRequest, Turn } from './counters.ts'
import { advance, cutRate, endIn, lowerTo, roomAt, takeFrom, type Bucket, type Reserved } from './bucket.ts'
import type { Rule } from './rule.ts'
import { noteBehind, Order, passOn, standAt, takeTurn, type Kept } from './turns.ts'

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
  /** Who waits for the bucket changed; what it holds did not. */
  waitersChanged(bucket: Bucket): void
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
  const isInTurn = requests.some(({ turn }) => turn !== undefined)
  const call: Call = { rows, holder, now, held: new Map(), orders: isInTurn ? new Map() : noOrders }
  return isInTurn ? takeInTurn(call, requests) : requests.map((request) => takeOne(call, request))
}

/** Of calls that are decided in the order in which they come. */
const noOrders: Map<Bucket, Order> = new Map()

/** What the decisions on the requests of one call have in common. */
interface Call {
  readonly rows: CounterRows
  readonly holder: Holder
  readonly now: number
  /** Buckets that a refused request of this call waits for: later ones must not take from them before it does. */
  readonly held: Map<Bucket, number>
  /** Known orders of turns, until they change. */
  readonly orders: Map<Bucket, Order>
}

/** First all of them stand where they wait, then they are decided in the order of their turns. */
function takeInTurn(call: Call, requests: readonly TakeRequest[]): readonly TakeOutcome[] {
  const ranked = requests.map((request, index) => ({ request, index, bucket: stand(call, request) }))
  const orderOf = ({ request, bucket }: (typeof ranked)[number]): number =>
    bucket === undefined ? Number.MAX_VALUE : turnsAt(call, bucket).indexOf(request.id)
  const sorted = ranked.map((one) => ({ ...one, order: orderOf(one) })).sort((a, b) => a.order - b.order)
  const outcomes: TakeOutcome[] = []
  for (const { request, index } of sorted) outcomes[index] = takeOne(call, request)
  return outcomes
}

/** Where the request was refused before it stands again; undefined when it comes new. */
function stand({ rows, holder, now, orders }: Call, { id, asks, turn }: TakeRequest): Bucket | undefined {
  if (turn?.waitsFor === undefined || rows.permit(id) !== undefined) return undefined
  const { limit, value } = turn.waitsFor
  const ask = asks.find((one) => one.rule.name === limit && one.value === value)
  if (ask === undefined) return undefined
  const bucket = rows.bucket(ask.rule, value)
  noteBehind(bucket, holder.id, turn, ask.amount, now)
  standAt(bucket, id, turn, ask.amount, now)
  rows.waitersChanged(bucket)
  orders.delete(bucket)
  return bucket
}

function turnsAt({ orders, now }: Call, bucket: Bucket): Order {
  let order = orders.get(bucket)
  if (order === undefined) orders.set(bucket, (order = new Order(bucket, now)))
  return order
}

const granted: TakeOutcome = { kind: 'granted' }

interface Wanted {
  readonly bucket: Bucket
  readonly amount: number
}

function takeOne(call: Call, request: TakeRequest): TakeOutcome {
  const { rows, holder, now, held } = call
  // The answer was lost and the request is repeated.
  if (rows.permit(request.id) !== undefined) return granted
  let refusal = cooling(rows, request.cooldown, now)
  let binding: Bucket | undefined
  const wanted: Wanted[] = []
  for (const { rule, value, amount } of request.asks) {
    if (amount > rule.capacity) return refuse('impossible', rule.name, value, 0)
    const bucket = rows.bucket(rule, value)
    wanted.push({ bucket, amount })
    advance(bucket, now)
    const freeAt = request.turn
      ? freeInTurn(call, bucket, request.id, request.turn, amount)
      : Math.max(freeAtOf(rows, bucket, amount, now), held.get(bucket) ?? 0)
    if (freeAt - now > (refusal?.retryAfterMs ?? 0)) {
      refusal = refuse(rule.counts === 'concurrent' ? 'concurrent' : 'rate', rule.name, value, freeAt - now)
      binding = bucket
    }
  }
  if (refusal !== undefined) {
    if (request.turn) keepTurn(call, request.id, request.turn, wanted, binding)
    else if (binding !== undefined) held.set(binding, now + refusal.retryAfterMs)
    return refusal
  }
  const parts = wanted.map(({ bucket, amount }) => ({ bucket, amount, mark: takeFrom(bucket, amount, holder.id) }))
  if (request.turn) spendTurn(call, request.id, request.turn, wanted)
  rows.addPermit({ id: request.id, holder: holder.id, parts })
  return granted
}

/** When an advanced bucket has room for the amount; 0 when it has now. */
function freeAtOf(rows: CounterRows, bucket: Bucket, amount: number, now: number): number {
  return bucket.rule.counts === 'concurrent' ? slotsAt(rows, bucket, amount, now) : roomAt(bucket, amount)
}

/**
 * The same, with room for all whose turn is before: until they have not come again in time, or the bucket is full, so
 * that nothing is lost by keeping it.
 */
function freeInTurn(call: Call, bucket: Bucket, id: string, turn: Turn, amount: number): number {
  const { rows, now } = call
  const { capacity } = bucket.rule
  const before = amount === 0 ? [] : turnsAt(call, bucket).before(id, turn, amount)
  let kept = before.reduce((sum, place) => sum + place.amount, 0)
  let from = 0
  for (const place of before.toSorted((a: Kept, b: Kept) => a.until - b.until)) {
    const at = Math.max(from, freeAtOf(rows, bucket, Math.min(capacity, amount + kept), now))
    if (at < place.until) return at
    from = place.until
    kept -= place.amount
  }
  return Math.max(from, freeAtOf(rows, bucket, amount, now))
}

/** After a refusal: room is kept at the bucket that binds, and at no other, so that no two can wait for each other. */
function keepTurn(call: Call, id: string, turn: Turn, wanted: readonly Wanted[], binding: Bucket | undefined): void {
  for (const { bucket, amount } of wanted) {
    if (bucket === binding && turn.comesAgain) standAt(bucket, id, turn, amount, call.now)
    else if (bucket.turns) passOn(bucket, id)
    else continue
    call.rows.waitersChanged(bucket)
    call.orders.delete(bucket)
  }
}

function spendTurn(call: Call, id: string, turn: Turn, wanted: readonly Wanted[]): void {
  for (const { bucket, amount } of wanted) {
    takeTurn(bucket, id, turn, amount, call.now)
    call.orders.delete(bucket)
  }
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
