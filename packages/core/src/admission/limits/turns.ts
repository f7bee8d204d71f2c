import type { Bucket } from './bucket.ts'
import type { Turn } from './counters.ts'
import type { Priority } from './limiter.ts'

/**
 * Who waits for one bucket, of all processes that share it, and how much each tenant had. It is what a lane is inside a
 * process: fair queueing by weight. Plain data, so that a store can write it down.
 */
export interface Turns {
  /**
   * By band: the begin of the last turn in virtual time. Who comes new begins here, so that a tenant with few calls, which
   * comes new each time, is not behind those who always wait by the time that it takes a process to be heard.
   */
  readonly virtual: Record<Priority, number>
  /** By band and tenant: see {@link shareOf}. */
  readonly shares: Map<string, Share>
  /** By the id of the request, in the order in which they came. */
  readonly places: Map<string, Place>
}

/** What a tenant had in a band. */
export interface Share {
  /** Where its next turn begins in virtual time. */
  start: number
  /** It counts as waiting until then, and its start is not moved up to the others by more than this. */
  until: number
  owed: number
}

/** A request that was refused and is expected again. */
export interface Place {
  readonly priority: Priority
  readonly tenant: string
  readonly amount: number
  readonly weight: number
  /** Whoever has not come again by then lost its turn; the place of its tenant in the order stays. */
  until: number
  /** Room is kept for it. False while another bucket is what it lacks: it holds up nobody here. */
  isKept: boolean
}

/** A place with the end of its turn in virtual time. */
interface Ranked {
  readonly id: string
  readonly place: Place
  readonly end: number
}

/** In the order in which they are served. */
const ranks: Readonly<Record<Priority, number>> = { high: 0, normal: 1, low: 2 }
/** Several times as long as a waiting process takes to look again. */
const keptMs = 250
/** Several times as long as that. */
const rememberedMs = 2_000

/** Keeps the place of a request that is expected again, or makes one behind the others of its tenant. */
export function standAt(bucket: Bucket, id: string, turn: Turn, amount: number, now: number): void {
  const turns = (bucket.turns ??= emptyTurns())
  const { priority, tenant, weight } = turn
  const share = shareOf(turns, turn, now)
  owe(share, rememberedMs, bucket.rule.capacity / weight, now)
  const place = turns.places.get(id)
  const until = now + keptMs
  if (place?.priority === priority) {
    place.until = until
    place.isKept = true
  } else {
    // Who came of age stands behind those who did before.
    turns.places.delete(id)
    turns.places.set(id, { priority, tenant, amount, weight, until, isKept: true })
  }
}

/** Another bucket is what the request lacks: room is kept for it there, and not here. */
export function passOn({ turns }: Bucket, id: string): void {
  const place = turns?.places.get(id)
  if (place) place.isKept = false
}

/** The request takes its turn, and its tenant moves back in the order. */
export function takeTurn(bucket: Bucket, id: string, turn: Turn, amount: number, now: number): void {
  const { turns } = bucket
  if (!turns) return
  const { priority, tenant, weight } = turn
  turns.places.delete(id)
  const share = shareOf(turns, turn, now)
  turns.virtual[priority] = Math.max(turns.virtual[priority], share.start)
  share.start += amount / weight
  const isWaiting =
    turn.hasMore || [...turns.places.values()].some((one) => one.priority === priority && one.tenant === tenant)
  // It takes a process a moment to be heard when the tenant comes again, and meanwhile others go: about one request.
  if (isWaiting) owe(share, rememberedMs, bucket.rule.capacity / weight, now)
  else owe(share, keptMs, amount / weight, now)
}

function owe(share: Share, forMs: number, owed: number, now: number): void {
  share.until = now + forMs
  share.owed = owed
}

/** The requests that are to be served at a bucket before others, of whatever process. */
export class Order {
  readonly #ranked: readonly Ranked[]
  readonly #bucket: Bucket
  readonly #now: number

  constructor(bucket: Bucket, now: number) {
    this.#bucket = bucket
    this.#now = now
    forgetLapsed(bucket, now)
    this.#ranked = bucket.turns === undefined ? [] : rank(bucket.turns, now)
  }

  /** How many go before the request; more than all for one without a place. */
  indexOf(id: string): number {
    const index = this.#ranked.findIndex((one) => one.id === id)
    return index === -1 ? Number.POSITIVE_INFINITY : index
  }

  /** The places for which room is kept before this request may take any. */
  before(id: string, turn: Turn, amount: number): readonly Place[] {
    const { turns } = this.#bucket
    if (turns === undefined) return []
    const index = this.indexOf(id)
    const ahead = index < Number.POSITIVE_INFINITY ? this.#ranked.slice(0, index) : this.#behind(turns, turn, amount)
    return ahead.map(({ place }) => place).filter(({ isKept }) => isKept)
  }

  /** Those before whom a request without a place does not come. */
  #behind(turns: Turns, turn: Turn, amount: number): readonly Ranked[] {
    const { priority, tenant, weight } = turn
    const last = this.#ranked.findLast(({ place }) => place.priority === priority && place.tenant === tenant)
    const end = (last?.end ?? shareOf(turns, turn, this.#now).start) + amount / weight
    return this.#ranked.filter(({ place, end: other }) =>
      place.priority === priority ? other <= end : ranks[place.priority] < ranks[priority],
    )
  }
}

function emptyTurns(): Turns {
  return { virtual: { high: 0, normal: 0, low: 0 }, shares: new Map(), places: new Map() }
}

/**
 * The share of the tenant. One that did not wait begins with the others; one that waits all the time but was held up
 * keeps what it is owed, up to one full bucket.
 */
function shareOf(turns: Turns, { priority, tenant }: Pick<Turn, 'priority' | 'tenant'>, now: number): Share {
  const key = `${priority} ${tenant}`
  const share = turns.shares.get(key) ?? { start: 0, until: now, owed: 0 }
  turns.shares.set(key, share)
  share.start = Math.max(share.start, turns.virtual[priority] - (share.until > now ? share.owed : 0))
  return share
}

function forgetLapsed(bucket: Bucket, now: number): void {
  const { turns } = bucket
  if (turns === undefined) return
  for (const [id, { until }] of turns.places) if (until <= now) turns.places.delete(id)
  // When nobody waits, nobody is owed anything.
  if (turns.places.size === 0 && [...turns.shares.values()].every(({ until }) => until <= now)) delete bucket.turns
}

function rank(turns: Turns, now: number): readonly Ranked[] {
  const ends = new Map<Share, number>()
  const ranked: Ranked[] = []
  for (const [id, place] of turns.places) {
    const share = shareOf(turns, place, now)
    const end = (ends.get(share) ?? share.start) + place.amount / place.weight
    ends.set(share, end)
    ranked.push({ id, place, end })
  }
  return ranked.sort((a, b) => ranks[a.place.priority] - ranks[b.place.priority] || a.end - b.end)
}
