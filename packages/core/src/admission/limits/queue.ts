import type { Stop } from '../../base/ports.ts'
import { costOf } from './asks.ts'
import type { Refusal, TakeOutcome, TakeRequest, Waiting } from './counters.ts'
import type { Waiter } from './lane.ts'
import type { LimitedCall } from './limiter.ts'
import { exceeded, queueFull, refused } from './refusals.ts'
import { sumWaiting } from './statistics.ts'
import { Track, type TrackOptions } from './track.ts'

/** How much may wait, and how long. */
export interface QueueOptions extends TrackOptions {
  readonly maxWaiting: number
  readonly maxWaitingPerTenant: number
  readonly maxWaitMs: number
  /** See `Counters.take`. */
  readonly take: (requests: readonly TakeRequest[]) => readonly TakeOutcome[] | Promise<readonly TakeOutcome[]>
  /** Something was granted that nobody waits for any more. */
  readonly giveBack: (request: TakeRequest) => void
}

/** What becomes of a waiter: exactly one is called, once. `limit` is what it waited for. */
export interface WaiterEnd {
  granted(waitedMs: number, limit: string): void
  failed(error: unknown, limit: string): void
}

/** A waiter with what hangs on it. */
interface Entry {
  readonly waiter: Waiter
  readonly end: WaiterEnd
  /** By the running clock. */
  readonly expiresAt: number
  readonly forget: Stop
  /** Where it waits, or waited before it was tried. */
  track: Track
  /** Lanes that are held for it. */
  readonly held: Set<Track>
  isOver: boolean
}

/** A little more than the latest moment at which a waiter is tried after its bucket has room. */
const afterRoomMs = 25
/** Calls that come one shortly after the other are announced together. */
const announceMs = 2
/** After the counters could not be reached, those who still wait try again. */
const afterFailureMs = 1_000

/**
 * The calls that wait. Each stands in the lane of one bucket, the one that refused it; calls that need other buckets
 * pass by. Who comes to a bucket at which others wait joins them. Who got its turn but lacks another bucket moves to
 * the lane of that one and needs a fair turn there too, but each only once: nobody is overtaken for ever.
 *
 * While somebody is in a lane, that lane has a timer or is being tried.
 */
export class Queue {
  readonly #options: QueueOptions
  readonly #tracks = new Map<string, Track>()
  readonly #entries = new Map<Waiter, Entry>()
  readonly #perTenant = new Map<string, number>()
  #arrivals = 0

  constructor(options: QueueOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#entries.size
  }

  /** Puts a call behind those who wait for a bucket that it needs. False when there is none: it may try. */
  joinOthers(call: LimitedCall, request: TakeRequest, end: WaiterEnd): boolean {
    const track = this.#busyTrack(request, () => true)
    if (track === undefined) return false
    const isFirst = this.#waitingOf(call.tenant) === 0
    const entry = this.#enter(call, request, track, end)
    // Other processes must know soon that this tenant waits too.
    if (isFirst && this.#options.pollMs !== undefined) track.wakeAfter({ retryAfterMs: announceMs })
    // More urgent than all others: there may be room enough for this one.
    if (entry !== undefined && track.lane.first(this.#now()) === entry.waiter) this.#try(track)
    return true
  }

  /** Puts a call that was refused into the queue, unless waiting does not help. */
  join(call: LimitedCall, request: TakeRequest, refusal: Refusal, end: WaiterEnd): void {
    const track = this.#track(refusal)
    this.#enter(call, request, track, end, refusal)
    if (track.isBusy) track.wakeAfter(refusal)
  }

  /** Buckets of the request may have room. */
  onRoom(request: TakeRequest): void {
    if (this.#entries.size === 0) return
    for (const { rule, value } of request.asks) {
      const track = this.#tracks.get(keyOf(rule.name, value))
      if (track?.isBusy === true) this.#try(track)
    }
  }

  /** Who waits for what. */
  waiting(): readonly Waiting[] {
    return sumWaiting(
      [...this.#entries.values()].map(({ waiter, track }) => {
        return { limit: track.limit, tenant: waiter.call.tenant, count: 1 }
      }),
    )
  }

  /** Forgets lanes at which nobody waits. With them goes who had how much: nobody is owed anything. */
  forgetEmpty(): void {
    for (const [key, track] of this.#tracks) {
      if (track.isBusy) continue
      track.rest()
      this.#tracks.delete(key)
    }
  }

  /** Refuses everybody. */
  clear(error: unknown): void {
    for (const entry of this.#entries.values()) {
      entry.track.lane.remove(entry.waiter)
      this.#fail(entry, error)
    }
    this.forgetEmpty()
  }

  #now(): number {
    return this.#options.scheduler.elapsed()
  }

  #track({ limit, value }: Pick<Refusal, 'limit' | 'value'>): Track {
    const key = keyOf(limit, value)
    let track = this.#tracks.get(key)
    if (track === undefined) {
      track = new Track({ limit, value }, this.#options, (due) => this.#try(due))
      this.#tracks.set(key, track)
    }
    return track
  }

  /** The first lane of the request at which somebody waits. */
  #busyTrack({ asks, cooldown }: TakeRequest, isMeant: (track: Track) => boolean): Track | undefined {
    const keys = asks.map(({ rule, value }) => keyOf(rule.name, value))
    if (cooldown !== undefined) keys.unshift(keyOf('cooldown', cooldown))
    for (const key of keys) {
      const track = this.#tracks.get(key)
      if (track?.isBusy === true && isMeant(track)) return track
    }
    return undefined
  }

  #enter(call: LimitedCall, request: TakeRequest, track: Track, end: WaiterEnd, refusal?: Refusal): Entry | undefined {
    const { maxWaiting, maxWaitingPerTenant } = this.#options
    const ofTenant = this.#waitingOf(call.tenant)
    if (this.#entries.size >= maxWaiting || ofTenant >= maxWaitingPerTenant) {
      end.failed(queueFull(track.limit, Math.max(track.estimate(), refusal?.retryAfterMs ?? 0)), track.limit)
      return undefined
    }
    const leftMs = this.#timeLeft(call)
    if (refusal !== undefined && (leftMs <= 0 || isHopeless(refusal, leftMs))) {
      end.failed(refused(refusal), track.limit)
      return undefined
    }
    if (leftMs <= 0) {
      end.failed(exceeded(track.limit, track.estimate()), track.limit)
      return undefined
    }
    const entry = this.#createEntry(call, request, track, end, leftMs)
    this.#entries.set(entry.waiter, entry)
    this.#perTenant.set(call.tenant, ofTenant + 1)
    track.lane.add(entry.waiter)
    return entry
  }

  #waitingOf(tenant: string): number {
    return this.#perTenant.get(tenant) ?? 0
  }

  #timeLeft({ deadlineAt }: LimitedCall): number {
    const { maxWaitMs, scheduler } = this.#options
    return deadlineAt === undefined ? maxWaitMs : Math.min(maxWaitMs, deadlineAt - scheduler.now())
  }

  #createEntry(call: LimitedCall, request: TakeRequest, track: Track, end: WaiterEnd, leftMs: number): Entry {
    const { signal, priority: band = 'normal' } = call
    const now = this.#now()
    const order = this.#arrivals++
    const waiter: Waiter = {
      call,
      request,
      order,
      arrivedAt: now,
      cost: costOf(request),
      earned: new Set(),
      band,
      turnEnd: 0,
    }
    const onAbort = (): void => this.#drop(entry, signal?.reason)
    const onTime = (): void => this.#drop(entry, exceeded(entry.track.limit, entry.track.estimate()))
    const stop = this.#options.scheduler.after(leftMs, onTime)
    const forget = (): void => {
      stop()
      signal?.removeEventListener('abort', onAbort)
    }
    signal?.addEventListener('abort', onAbort)
    const entry: Entry = { waiter, end, expiresAt: now + leftMs, forget, track, held: new Set(), isOver: false }
    return entry
  }

  /** The waiter goes, whether it stands in its lane or is being tried. */
  #drop(entry: Entry, error: unknown): void {
    const { track, waiter } = entry
    const wasFirst = track.lane.first(this.#now()) === waiter
    track.lane.remove(waiter)
    this.#fail(entry, error)
    // Whoever comes next may be smaller.
    if (wasFirst) this.#try(track)
  }

  #fail(entry: Entry, error: unknown): void {
    this.#leave(entry)
    entry.end.failed(error, entry.track.limit)
  }

  #leave(entry: Entry): void {
    const { tenant } = entry.waiter.call
    const left = this.#waitingOf(tenant) - 1
    if (left > 0) this.#perTenant.set(tenant, left)
    else this.#perTenant.delete(tenant)
    this.#entries.delete(entry.waiter)
    entry.isOver = true
    entry.forget()
    for (const track of entry.held) {
      track.unhold()
      track.wakeAfter({ retryAfterMs: 0 })
    }
  }

  /** Gives turns until the bucket refuses one. */
  #try(track: Track): void {
    if (track.isTrying) {
      track.isAskedAgain = true
      return
    }
    if (track.heldMs > 0) {
      track.wakeAfter({ retryAfterMs: track.heldMs })
      return
    }
    for (;;) {
      const entries = this.#takeTurns(track)
      if (entries.length === 0) return
      track.isAskedAgain = false
      track.isTrying = true
      const outcomes = this.#options.take(entries.map((entry) => this.#requestOf(entry, track)))
      if (outcomes instanceof Promise) {
        this.#tryLater(track, entries, outcomes)
        return
      }
      track.isTrying = false
      if (!this.#conclude(track, entries, outcomes)) return
    }
  }

  #tryLater(track: Track, entries: readonly Entry[], answer: Promise<readonly TakeOutcome[]>): void {
    const decided = (outcomes: readonly TakeOutcome[]): void => {
      track.isTrying = false
      if (this.#conclude(track, entries, outcomes)) this.#try(track)
    }
    const lost = (error: unknown): void => {
      track.isTrying = false
      for (const entry of entries) if (!entry.isOver) this.#fail(entry, error)
      track.wakeAfter({ retryAfterMs: afterFailureMs })
    }
    void answer.then(decided, lost)
  }

  #takeTurns(track: Track): readonly Entry[] {
    for (;;) {
      const turns = track.takeTurns()
      const taken: Entry[] = []
      for (const waiter of turns) {
        const entry = this.#entries.get(waiter)
        if (entry !== undefined && !this.#moveOn(entry, track)) taken.push(entry)
      }
      if (taken.length > 0 || turns.length === 0) return taken
    }
  }

  /** What is asked for a waiter: where several processes wait, with whose turn it is. */
  #requestOf({ waiter }: Entry, { lane, limit, value }: Track): TakeRequest {
    const { band: priority, call, request } = waiter
    if (this.#options.pollMs === undefined) return request
    const { tenant } = call
    const head = { tenant, weight: this.#options.weightOf(tenant), priority, comesAgain: true }
    return { ...request, turn: { ...head, behind: lane.behind(waiter), waitsFor: { limit, value } } }
  }

  /** Moves a waiter on to the next lane in which it needs a turn. False when there is none. */
  #moveOn(entry: Entry, from: Track): boolean {
    const { waiter } = entry
    const next = this.#busyTrack(waiter.request, (track) => track !== from && !waiter.earned.has(track.lane))
    if (next === undefined) return false
    waiter.earned.add(from.lane)
    entry.track = next
    next.lane.add(waiter)
    return true
  }

  /** Takes the answers. True when there may be room for more. */
  #conclude(track: Track, entries: readonly Entry[], outcomes: readonly TakeOutcome[]): boolean {
    let granted = 0
    let isRefusedHere = false
    for (const [index, entry] of entries.entries()) {
      const outcome = outcomes[index]
      if (outcome?.kind === 'granted') {
        granted++
        this.#grant(entry)
      } else if (outcome !== undefined && !entry.isOver && this.#sendBack(entry, outcome)) {
        isRefusedHere = true
      }
    }
    track.note(granted)
    return !isRefusedHere || track.isAskedAgain
  }

  #grant(entry: Entry): void {
    const { waiter, end, track, isOver } = entry
    if (isOver) {
      this.#options.giveBack(waiter.request)
      return
    }
    track.lane.used(waiter)
    this.#leave(entry)
    end.granted(this.#now() - waiter.arrivedAt, track.limit)
  }

  /** To the lane of the bucket that refused. True when it is the one that it came from. */
  #sendBack(entry: Entry, refusal: Refusal): boolean {
    const { waiter, track: from } = entry
    if (isHopeless(refusal, entry.expiresAt - this.#now())) {
      this.#fail(entry, refused(refusal))
      return false
    }
    const to = this.#track(refusal)
    entry.track = to
    if (to === from) {
      to.lane.undo(waiter)
    } else {
      waiter.earned.add(from.lane)
      to.lane.add(waiter)
      if (waiter.earned.has(to.lane) && refusal.why === 'rate') {
        from.hold(refusal.retryAfterMs + afterRoomMs)
        entry.held.add(from)
      }
    }
    to.wakeAfter(refusal)
    return to === from
  }
}

/** Nothing but time ends a cooldown; a level may also rise because a call used less than it had reserved. */
function isHopeless({ why, retryAfterMs }: Refusal, leftMs: number): boolean {
  return why === 'impossible' || (why === 'cooldown' && retryAfterMs > leftMs)
}

function keyOf(limit: string, value: string): string {
  return `${limit}\n${value}`
}
