import type { Random, Scheduler, Stop } from '../../base/ports.ts'
import type { Refusal } from './counters.ts'
import { Lane, type LaneOptions, type Waiter } from './lane.ts'

const mostAtATime = 64

/** What a track needs. */
export interface TrackOptions extends LaneOptions {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly pollMs: number | undefined
}

/** A lane with its clock: when it is tried again, and how fast it moves. */
export class Track {
  /** The name of the limit that its waiters wait for, and which of its buckets. */
  readonly limit: string
  readonly value: string
  readonly lane: Lane
  /** Requests of this lane are being decided. */
  isTrying = false
  /** Something changed while they were. */
  isAskedAgain = false
  /** Nobody is served before then: see {@link hold}. */
  #heldUntil = 0
  readonly #options: TrackOptions
  readonly #wake: (track: Track) => void
  #stop: Stop | undefined
  #wakeAt = 0
  /** How many were granted the last time. */
  #granted = 0
  /** The usual time between two grants, and when the last one was. */
  #gapMs = 0
  #grantedAt: number

  constructor({ limit, value }: Pick<Refusal, 'limit' | 'value'>, options: TrackOptions, wake: (track: Track) => void) {
    this.limit = limit
    this.value = value
    this.lane = new Lane(options)
    this.#options = options
    this.#wake = wake
    this.#grantedAt = options.scheduler.elapsed()
  }

  get isBusy(): boolean {
    return this.isTrying || this.lane.count > 0 || this.heldMs > 0
  }

  /** How long nobody is served still. */
  get heldMs(): number {
    return this.#heldUntil - this.#options.scheduler.elapsed()
  }

  /**
   * For a waiter that had its turn here and elsewhere, and lacks the other bucket for this long: what this one has now
   * is kept for it. Otherwise calls that need one of them would take from either in turn, and it would never get both.
   */
  hold(ms: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.#options.scheduler.elapsed() + ms)
  }

  /** Serves again. */
  unhold(): void {
    this.#heldUntil = 0
  }

  /** How many to ask for at a time: few when few are granted, so that whoever is more urgent can still go first. */
  get batch(): number {
    return Math.min(mostAtATime, Math.max(1, 2 * this.#granted))
  }

  /** Takes the next turns. Where others decide on the order, one of each tenant is among them. */
  takeTurns(): readonly Waiter[] {
    const now = this.#options.scheduler.elapsed()
    if (this.#options.pollMs !== undefined) return this.lane.takeEach(now, mostAtATime)
    const taken: Waiter[] = []
    while (taken.length < this.batch) {
      const waiter = this.lane.takeTurn(now)
      if (waiter === undefined) break
      taken.push(waiter)
    }
    return taken
  }

  /** Tells how many of a batch were granted. */
  note(granted: number): void {
    this.#granted = granted
    if (granted === 0) return
    const now = this.#options.scheduler.elapsed()
    const gapMs = (now - this.#grantedAt) / granted
    this.#gapMs += (gapMs - this.#gapMs) / 8
    this.#grantedAt = now
  }

  /** When the last one in the lane is likely to go, in milliseconds from now. */
  estimate(): number {
    const nextMs = Math.max(1, this.#wakeAt - this.#options.scheduler.elapsed())
    return Math.ceil(nextMs + this.lane.count * this.#gapMs)
  }

  /** Tries again when there may be room, and a little later than that, so that processes do not come all at once. */
  wakeAfter({ retryAfterMs }: Pick<Refusal, 'retryAfterMs'>): void {
    const { pollMs = Number.POSITIVE_INFINITY, random, scheduler } = this.#options
    const delayMs = Math.min(retryAfterMs, pollMs) + random.next() * Math.min(retryAfterMs / 10, pollMs, 20)
    const wakeAt = scheduler.elapsed() + delayMs
    if (this.#stop !== undefined && this.#wakeAt <= wakeAt) return
    this.rest()
    this.#wakeAt = wakeAt
    this.#stop = scheduler.after(delayMs, () => {
      this.#stop = undefined
      this.#wake(this)
    })
  }

  /** Does not try again by itself. */
  rest(): void {
    this.#stop?.()
    this.#stop = undefined
  }
}
