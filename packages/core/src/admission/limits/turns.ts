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
  /** By process, band and tenant: those that wait there behind the places, and have none. */
  readonly crowds: Map<string, Crowd>
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

/**
 * What else of a tenant waits in a process. A process asks for a few at a time: if the others did not count, whoever asks
 * for more at a time, or more often, would take what is theirs.
 */
export interface Crowd {
  readonly priority: Priority
  readonly tenant: string
  readonly weight: number
  readonly amount: number
  /** Room is kept for it until then. */
  readonly until: number
}

/** What room is kept for. */
export type Kept = Pick<Place, 'amount' | 'until'>

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
/** What a tenant that comes again may have missed while nothing was known of it, of a full bucket. */
const unknownShare = 0.25
/** As long as a busy process may need to come again: one that is late must not find that others took its share. */
const crowdMs = 1_000

/** Keeps the place of a request that is expected again, or makes one behind the others of its tenant. */
export function standAt(bucket: Bucket, id: string, turn: Turn, amount: number, now: number): void {
  const turns = (bucket.turns ??= emptyTurns())
  const { priority, tenant, weight } = turn
  const share = shareOf(turns, turn, now)
  remember(share, bucket.rule.capacity / weight, now)
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

/** Notes how many more of the tenant wait for the bucket in that process; as large as this request, as far as is known. */
export function noteBehind(bucket: Bucket, holder: string, turn: Turn, amount: number, now: number): void {
  const turns = (bucket.turns ??= emptyTurns())
  const { behind, priority, tenant, weight } = turn
  const key = `${holder} ${keyOf(turn)}`
  if (behind === 0) turns.crowds.delete(key)
  else turns.crowds.set(key, { priority, tenant, weight, amount: behind * amount, until: now + crowdMs })
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
  const { priority, weight } = turn
  turns.places.delete(id)
  const share = shareOf(turns, turn, now)
  turns.virtual[priority] = Math.max(turns.virtual[priority], share.start)
  share.start += amount / weight
  const full = bucket.rule.capacity / weight
  const isWaiting = isAwaited(turns.places, turn) || isAwaited(turns.crowds, turn)
  // One that is not known to wait may have processes that are late: what it missed it is still owed. It is owed little
  // more, or whoever comes seldom would always go before those who wait.
  const missed = turns.virtual[priority] - share.start
  remember(share, isWaiting ? full : Math.max(missed, full * unknownShare), now)
}

function remember(share: Share, owed: number, now: number): void {
  share.until = now + rememberedMs
  share.owed = owed
}

/** The requests that are to be served at a bucket before others, of whatever process. */
export class Order {
  readonly #ranked: readonly Ranked[]
  /** By band and tenant: where in virtual time the turns of its places end, or its first begins. */
  readonly #ends: Map<string, number> = new Map()
  /** The same: its crowds of all processes as one. */
  readonly #crowds: Map<string, Crowd> = new Map()
  readonly #turns: Turns | undefined
  readonly #now: number

  constructor(bucket: Bucket, now: number) {
    forgetLapsed(bucket, now)
    this.#turns = bucket.turns
    this.#now = now
    this.#ranked = this.#turns === undefined ? [] : this.#rank(this.#turns)
    for (const crowd of this.#turns?.crowds.values() ?? []) {
      const { amount = 0, until = 0 } = this.#crowds.get(keyOf(crowd)) ?? {}
      const both = { amount: crowd.amount + amount, until: Math.max(crowd.until, until) }
      this.#crowds.set(keyOf(crowd), { ...crowd, ...both })
    }
  }

  /** How many places go before the request; more than all for one without a place. */
  indexOf(id: string): number {
    const index = this.#ranked.findIndex((one) => one.id === id)
    return index === -1 ? Number.POSITIVE_INFINITY : index
  }

  /** For whom room is kept before this request may take any. */
  before(id: string, turn: Turn, amount: number): readonly Kept[] {
    const turns = this.#turns
    if (turns === undefined) return []
    const index = this.indexOf(id)
    const place = this.#ranked[index]
    // Who comes new stands behind all of its tenant, in whatever process.
    const own = place === undefined ? (this.#crowds.get(keyOf(turn))?.amount ?? 0) : 0
    const end = place?.end ?? this.#endOf(turns, turn) + (own + amount) / turn.weight
    const ahead = place === undefined ? this.#endingBy(end, turn) : this.#ranked.slice(0, index)
    const kept: Kept[] = ahead.filter((one) => one.place.isKept).map((one) => one.place)
    for (const crowd of this.#crowds.values()) {
      const isOwn = crowd.priority === turn.priority && crowd.tenant === turn.tenant
      const part = isOwn ? own : this.#partBefore(turns, crowd, turn, end)
      if (part > 0) kept.push({ amount: part, until: crowd.until })
    }
    return kept
  }

  #endingBy(end: number, { priority }: Turn): readonly Ranked[] {
    return this.#ranked.filter(({ place, end: other }) =>
      place.priority === priority ? other <= end : ranks[place.priority] < ranks[priority],
    )
  }

  /** What of the crowd of another tenant or band comes before a turn that ends then. */
  #partBefore(turns: Turns, crowd: Crowd, { priority }: Turn, end: number): number {
    if (crowd.priority !== priority) return ranks[crowd.priority] < ranks[priority] ? crowd.amount : 0
    return Math.min(crowd.amount, Math.floor((end - this.#endOf(turns, crowd)) * crowd.weight))
  }

  #endOf(turns: Turns, whose: Pick<Turn, 'priority' | 'tenant'>): number {
    return this.#ends.get(keyOf(whose)) ?? shareOf(turns, whose, this.#now).start
  }

  #rank(turns: Turns): readonly Ranked[] {
    const ranked: Ranked[] = []
    for (const [id, place] of turns.places) {
      const end = this.#endOf(turns, place) + place.amount / place.weight
      this.#ends.set(keyOf(place), end)
      ranked.push({ id, place, end })
    }
    return ranked.sort((a, b) => ranks[a.place.priority] - ranks[b.place.priority] || a.end - b.end)
  }
}

function emptyTurns(): Turns {
  return { virtual: { high: 0, normal: 0, low: 0 }, shares: new Map(), places: new Map(), crowds: new Map() }
}

/**
 * The share of the tenant. One that did not wait begins with the others; one that waits all the time but was held up
 * keeps what it is owed, up to one full bucket.
 */
function shareOf(turns: Turns, whose: Pick<Turn, 'priority' | 'tenant'>, now: number): Share {
  const key = keyOf(whose)
  const share = turns.shares.get(key) ?? { start: 0, until: now, owed: 0 }
  turns.shares.set(key, share)
  share.start = Math.max(share.start, turns.virtual[whose.priority] - (share.until > now ? share.owed : 0))
  return share
}

function forgetLapsed(bucket: Bucket, now: number): void {
  const { turns } = bucket
  if (turns === undefined) return
  for (const [id, { until }] of turns.places) if (until <= now) turns.places.delete(id)
  for (const [key, { until }] of turns.crowds) if (until <= now) turns.crowds.delete(key)
  // When nobody waits, nobody is owed anything.
  if (turns.places.size === 0 && [...turns.shares.values()].every(({ until }) => until <= now)) delete bucket.turns
}

function isAwaited(all: ReadonlyMap<string, Place | Crowd>, { priority, tenant }: Turn): boolean {
  return [...all.values()].some((one) => one.priority === priority && one.tenant === tenant)
}

function keyOf({ priority, tenant }: Pick<Turn, 'priority' | 'tenant'>): string {
  return `${priority} ${tenant}`
}
