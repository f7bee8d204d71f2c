// Several nodes on one set of counters, with crashes, and counters with planted bugs: what the invariants of limits are
// tried on.

import { createBucket, type Bucket } from '../admission/limits/bucket.ts'
import type { Ask, Counters, Holder, TakeOutcome } from '../admission/limits/counters.ts'
import {
  abandonOne,
  learnOne,
  releaseOne,
  settleOne,
  takeAll,
  type CounterRows,
  type OpenPermit,
} from '../admission/limits/decide.ts'
import { toRule, type Rule } from '../admission/limits/rule.ts'
import { viewOf } from '../admission/limits/view.ts'

/** 100 tokens a minute. */
const tokens: Rule = toRule({ name: 'tokens', scope: 'key', counts: 'tokens', amount: 100, per: 'minute' })
/** Three at a time. */
export const slots: Rule = toRule({ name: 'slots', scope: 'tenant', counts: 'concurrent', amount: 3 })
/** Seven an hour, three at once. */
export const hourly: Rule = toRule({
  name: 'hourly',
  scope: 'model',
  counts: 'requests',
  amount: 7,
  per: 'hour',
  burst: 3,
})
/** Of {@link tokens}. */
export const perMs: number = 100 / 60_000
/** How long the slots of a dead node stay taken. */
export const ttlMs = 30_000
const nothing = { tallies: [], waiting: [] }

/** What each run of a property is given: the clock, and a way to make counters on it. */
export interface World {
  now: number
  create(): Counters
}

/** Counters made of the same parts, with a place for a bug. */
export interface Bug {
  readonly bucket?: (bucket: Bucket, now: number) => void
  readonly learned?: (bucket: Bucket, remaining: number) => void
  readonly removed?: (rows: BuggyRows, permit: OpenPermit) => void
  readonly isImmortal?: boolean
}

/** The state of {@link buggy} counters. */
class BuggyRows implements CounterRows {
  readonly buckets: Map<string, Bucket> = new Map()
  readonly permits: Map<string, OpenPermit> = new Map()
  readonly holders: Map<string, number> = new Map()
  readonly bug: Bug
  now = 0

  constructor(bug: Bug) {
    this.bug = bug
  }

  bucket(rule: Bucket['rule'], value: string): Bucket {
    const key = `${rule.name} ${value}`
    const bucket = this.buckets.get(key) ?? createBucket(rule, value, this.now)
    this.buckets.set(key, bucket)
    this.bug.bucket?.(bucket, this.now)
    return bucket
  }

  waitersChanged(): void {
    // The bucket is the state itself.
  }

  permit(id: string): OpenPermit | undefined {
    return this.permits.get(id)
  }

  addPermit(permit: OpenPermit): void {
    this.permits.set(permit.id, permit)
  }

  removePermit(permit: OpenPermit): void {
    if (this.bug.removed) this.bug.removed(this, permit)
    else this.permits.delete(permit.id)
  }

  coolsUntil(): number {
    return 0
  }

  cool(): void {
    throw new Error('nothing cools here')
  }

  expiresAt(holder: string): number {
    return this.holders.get(holder) ?? 0
  }
}

/** Counters with that bug. */
export function buggy(world: World, bug: Bug): Counters {
  const rows = new BuggyRows(bug)
  const enter = (): number => {
    rows.now = world.now
    if (bug.isImmortal === true) return rows.now
    const dead = [...rows.holders].filter(([, at]) => at <= rows.now).map(([id]) => id)
    for (const { id, holder } of rows.permits.values()) if (dead.includes(holder)) abandonOne(rows, id, rows.now)
    for (const id of dead) rows.holders.delete(id)
    return rows.now
  }
  return {
    pollMs: undefined,
    take: (holder, requests) => {
      const now = enter()
      if (!rows.holders.has(holder.id)) rows.holders.set(holder.id, now + holder.ttlMs)
      return takeAll(rows, holder, requests, now)
    },
    settle: (all) => {
      const now = enter()
      for (const one of all) settleOne(rows, one, now)
    },
    release: (ids) => {
      const now = enter()
      for (const id of ids) releaseOne(rows, id, now)
    },
    learn: (lessons) => {
      const now = enter()
      for (const lesson of lessons) {
        learnOne(rows, lesson, now)
        for (const { bucket } of rows.permit(lesson.id)?.parts ?? []) {
          bug.learned?.(bucket, lesson.headers.windows[0]?.remaining ?? 0)
        }
      }
    },
    beat: ({ id, ttlMs: ms }) => {
      rows.holders.set(id, enter() + ms)
    },
    leave: () => undefined,
    inspect: () => ({ ...viewOf(rows.buckets.values(), [], enter()), tallies: [], waiting: [] }),
  }
}

/** These counters answer at once. */
export function sync<T>(answer: T | Promise<T>): T {
  if (answer instanceof Promise) throw new TypeError('an answer came later')
  return answer
}

let ids = 0
/** Somebody who lives for ever. */
export const steady: Holder = { id: 'steady', ttlMs: 1e12 }

/** Asks for one permit. */
export function takeOf(
  counters: Counters,
  asks: readonly Ask[],
  holder: Holder = steady,
): { id: string; outcome: TakeOutcome } {
  const id = String(ids++)
  const [outcome] = sync(counters.take(holder, [{ id, asks }]))
  if (outcome === undefined) throw new Error('no outcome')
  return { id, outcome }
}

/** So many {@link tokens}. */
export function some(amount: number): Ask {
  return { rule: tokens, value: 'k', amount }
}

/** What the request would be told, without a trace. */
export function probe(counters: Counters, ...asks: readonly Ask[]): TakeOutcome {
  const { id, outcome } = takeOf(counters, asks)
  if (outcome.kind === 'granted') sync(counters.release([id]))
  return outcome
}

/** Milliseconds until the request is granted; 0 for now. */
export function waitOf(outcome: TakeOutcome): number {
  return outcome.kind === 'granted' ? 0 : outcome.retryAfterMs
}

/** What is left in the bucket. */
export function available(counters: Counters, limit = 'tokens'): number {
  const bucket = sync(counters.inspect()).buckets.find((one) => one.limit === limit)
  return bucket?.available ?? 100
}

/** What happens to the nodes. */
export type Happening =
  | { readonly kind: 'take'; readonly node: number; readonly amount: number }
  | { readonly kind: 'settle'; readonly which: number; readonly used: number }
  | { readonly kind: 'release' | 'repeat'; readonly which: number }
  | { readonly kind: 'crash'; readonly node: number }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'learn'; readonly which: number; readonly remaining: number; readonly isThrottled: boolean }

/** A call as it went. */
export interface Told {
  readonly id: string
  readonly at: number
  readonly node: number
  readonly reserved: number
  actual: number
  isOpen: boolean
  /** Its end was told, as opposed to that of a node that crashed. */
  isTold: boolean
}

/** Several nodes on one set of counters, and what became of their calls. */
export class Nodes {
  readonly world: World
  readonly counters: Counters
  readonly calls: Told[] = []
  readonly #lives = [0, 0, 0, 0]
  readonly #asks: (amount: number) => readonly Ask[]

  constructor(world: World, asks: (amount: number) => readonly Ask[]) {
    this.world = world
    this.counters = world.create()
    this.#asks = asks
  }

  do(what: Happening): void {
    switch (what.kind) {
      case 'take':
        this.#take(what.node, what.amount)
        return
      case 'settle':
        this.#end(what.which, (call) => {
          call.actual = what.used
          sync(this.counters.settle([{ id: call.id, actual: { tokens: what.used } }]))
        })
        return
      case 'release':
        this.#end(what.which, (call) => {
          call.actual = 0
          sync(this.counters.release([call.id]))
        })
        return
      case 'repeat': {
        // Of whatever call: its end arrives once more, with another number.
        const call = this.calls.filter(({ isTold }) => isTold)[what.which]
        if (call) sync(this.counters.settle([{ id: call.id, actual: { tokens: 0 } }]))
        return
      }
      case 'crash':
        // The next life of the node is another holder; nobody ends the calls of this one.
        this.#lives[what.node] = (this.#lives[what.node] ?? 0) + 1
        for (const call of this.calls) if (call.node === what.node) call.isOpen = false
        return
      case 'pass':
        this.#pass(what.ms)
        return
      case 'learn':
        this.#end(what.which, (call) => {
          call.isOpen = true
          call.isTold = false
          const windows = [{ counts: 'tokens' as const, remaining: what.remaining }]
          sync(this.counters.learn([{ id: call.id, headers: { windows }, isThrottled: what.isThrottled }]))
        })
    }
  }

  holder(of: number): Holder {
    return { id: `node-${of}-${this.#lives[of] ?? 0}`, ttlMs }
  }

  #take(of: number, amount: number): void {
    const { id, outcome } = takeOf(this.counters, this.#asks(amount), this.holder(of))
    if (outcome.kind === 'refused') return
    this.calls.push({ id, at: this.world.now, node: of, reserved: amount, actual: amount, isOpen: true, isTold: false })
  }

  #end(index: number, end: (call: Told) => void): void {
    const open = this.calls.filter(({ isOpen }) => isOpen)
    const call = open[index % Math.max(1, open.length)]
    if (!call) return
    call.isOpen = false
    call.isTold = true
    end(call)
  }

  /** The living beat while time passes. */
  #pass(ms: number): void {
    for (let left = ms; left > 0; left -= 5_000) {
      for (let of = 0; of < 4; of++) sync(this.counters.beat(this.holder(of), nothing))
      this.world.now += Math.min(left, 5_000)
    }
  }
}
