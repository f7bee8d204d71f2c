import type { Scheduler } from '../../base/ports.ts'
import type { Counters, Holder, LimitsView } from './counters.ts'
import { adoptRule, advance, createBucket, isIdle, type Bucket } from './bucket.ts'
import { abandonOne, learnOne, releaseOne, settleOne, takeAll, type CounterRows, type OpenPermit } from './decide.ts'
import { LimitStatistics } from './statistics.ts'
import { viewOf } from './view.ts'
import type { Rule } from './rule.ts'

/** How counters in memory are made. */
export interface MemoryCountersOptions {
  readonly scheduler: Pick<Scheduler, 'elapsed'>
  /** Set when several limiters of this process share the counters: how often a waiting one looks again. */
  readonly pollMs?: number
}

/**
 * Levels in the memory of this process: exact, at once, and forgotten with the process. Buckets that are full again are
 * dropped bit by bit, so memory follows what is in use and a decision costs the same with 10 keys as with 100,000.
 */
export function createMemoryCounters({ scheduler, pollMs }: MemoryCountersOptions): Counters {
  const rows = new MemoryRows(scheduler)
  const statistics = new LimitStatistics()
  return {
    pollMs,
    take: (holder, requests) => {
      const now = rows.enter(holder)
      return takeAll(rows, holder, requests, now)
    },
    settle: (settlements) => {
      const now = rows.enter()
      for (const settlement of settlements) settleOne(rows, settlement, now)
    },
    release: (ids) => {
      const now = rows.enter()
      for (const id of ids) releaseOne(rows, id, now)
    },
    learn: (lessons) => {
      const now = rows.enter()
      for (const lesson of lessons) learnOne(rows, lesson, now)
    },
    beat: (holder, report) => {
      rows.beat(holder)
      statistics.add(holder.id, report)
    },
    leave: (holder, report) => {
      statistics.add(holder.id, report)
      statistics.leave(holder.id)
      rows.leave(holder.id)
    },
    inspect: (): LimitsView => {
      const now = rows.enter()
      return {
        ...viewOf(rows.allBuckets(), rows.allCooldowns(), now),
        ...statistics.view((holder) => rows.expiresAt(holder) > 0),
      }
    },
  }
}

/** For each new bucket so many old ones are looked at: more than one, so the idle go faster than new ones come. */
const sweptPerBucket = 2

class MemoryRows implements CounterRows {
  readonly #scheduler: Pick<Scheduler, 'elapsed'>
  readonly #buckets = new Map<string, Map<string, Bucket>>()
  readonly #permits = new Map<string, OpenPermit>()
  readonly #holders = new Map<string, number>()
  readonly #cooldowns = new Map<string, number>()
  #nextExpiry = Number.POSITIVE_INFINITY
  #now = 0
  /** On its way through the buckets of one rule; how many rules are behind it. */
  #sweep: Iterator<Bucket> = [].values()
  #sweptRules = 0
  #toSweep = 0

  constructor(scheduler: Pick<Scheduler, 'elapsed'>) {
    this.#scheduler = scheduler
  }

  /** At the start of each call: the time, with the dead swept and the holder known. */
  enter(holder?: Holder): number {
    this.#tick()
    // Before anything is decided: a bucket that is new and not used yet looks idle.
    if (this.#toSweep > 0) this.#forgetSome()
    if (holder !== undefined && !this.#holders.has(holder.id)) this.beat(holder)
    return this.#now
  }

  beat({ id, ttlMs }: Holder): void {
    this.#tick()
    this.#holders.set(id, this.#now + ttlMs)
    this.#nextExpiry = Math.min(this.#nextExpiry, this.#now + ttlMs)
  }

  leave(id: string): void {
    this.#tick()
    this.#holders.set(id, 0)
    this.#abandonDead()
  }

  bucket(rule: Rule, value: string): Bucket {
    let values = this.#buckets.get(rule.name)
    if (values === undefined) this.#buckets.set(rule.name, (values = new Map()))
    let bucket = values.get(value)
    if (bucket === undefined) {
      this.#toSweep += sweptPerBucket
      values.set(value, (bucket = createBucket(rule, value, this.#now)))
    } else if (bucket.rule !== rule) adoptRule(bucket, rule)
    return bucket
  }

  waitersChanged(): void {
    // The bucket is the state itself.
  }

  permit(id: string): OpenPermit | undefined {
    return this.#permits.get(id)
  }

  addPermit(permit: OpenPermit): void {
    this.#permits.set(permit.id, permit)
  }

  removePermit(permit: OpenPermit): void {
    this.#permits.delete(permit.id)
  }

  coolsUntil(key: string): number {
    const until = this.#cooldowns.get(key) ?? 0
    if (until > this.#now || until === 0) return until
    this.#cooldowns.delete(key)
    return 0
  }

  cool(key: string, until: number): void {
    this.#cooldowns.set(key, until)
  }

  expiresAt(holder: string): number {
    return this.#holders.get(holder) ?? 0
  }

  *allBuckets(): Generator<Bucket> {
    for (const values of this.#buckets.values()) yield* values.values()
  }

  allCooldowns(): Iterable<readonly [string, number]> {
    return this.#cooldowns
  }

  /** Goes round all buckets, a few steps at a time. */
  #forgetSome(): void {
    for (; this.#toSweep > 0; this.#toSweep--) {
      const next = this.#sweep.next()
      if (next.done === true) {
        this.#sweep = [...this.#buckets.values()][this.#sweptRules++]?.values() ?? this.#beginAnew()
        continue
      }
      advance(next.value, this.#now)
      if (isIdle(next.value)) this.#buckets.get(next.value.rule.name)?.delete(next.value.value)
    }
  }

  #beginAnew(): Iterator<Bucket> {
    this.#sweptRules = 0
    return [].values()
  }

  /** A clock that went back stands still here until it is where it was: nothing is refilled twice. */
  #tick(): void {
    this.#now = Math.max(this.#now, Math.floor(this.#scheduler.elapsed()))
    if (this.#now >= this.#nextExpiry) this.#abandonDead()
  }

  #abandonDead(): void {
    const now = this.#now
    const dead = new Set([...this.#holders].filter(([, expiresAt]) => expiresAt <= now).map(([id]) => id))
    for (const permit of this.#permits.values()) if (dead.has(permit.holder)) abandonOne(this, permit.id, now)
    for (const id of dead) this.#holders.delete(id)
    this.#nextExpiry = Math.min(...this.#holders.values(), Number.POSITIVE_INFINITY)
  }
}
