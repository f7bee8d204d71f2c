import type { Holder, LimitTally, Rule, Waiting } from '@meepo/core'
import {
  adoptRule,
  advance,
  createBucket,
  isIdle,
  type Bucket,
  type CounterRows,
  type OpenPermit,
} from '@meepo/core/store-rules'
import { doubles, texts } from '../database/arrays.ts'
import type { Transaction } from '../database/transaction.ts'
import { readBucket, writeBucket } from './bucket-text.ts'
import { limitSql } from './sql.ts'

/** A part of a permit as it is stored: limit, value, amount, mark. */
type StoredPart = readonly [limit: string, value: string, amount: number, mark: number]

/** What a command needs to have before it: everything that its operations name. */
export interface Needed {
  readonly permits: ReadonlySet<string>
  /** Holders whose permits end. */
  readonly leaving: ReadonlySet<string>
  readonly buckets: readonly { readonly name: string; readonly value: string }[]
  readonly cooldowns: ReadonlySet<string>
}

interface StoredHolder {
  readonly expiresAt: number
  readonly waiting: string
}

interface PermitRow {
  readonly permit_id: string
  readonly holder: string
  readonly parts: string
}

/** The rows of one command: read before it, changed in memory, written once at its end. */
export class LimitRows implements CounterRows {
  readonly now: number
  readonly #buckets = new Map<string, Bucket>()
  readonly #changed = new Set<Bucket>()
  readonly #permits = new Map<string, OpenPermit>()
  readonly #added = new Set<string>()
  readonly #removed = new Set<string>()
  readonly #cooldowns = new Map<string, number>()
  readonly #cooled = new Set<string>()
  readonly #holders: Map<string, StoredHolder>
  readonly #heard = new Set<string>()
  readonly #gone = new Set<string>()
  readonly #tallies: LimitTally[] = []

  private constructor(now: number, holders: Map<string, StoredHolder>) {
    this.now = now
    this.#holders = holders
  }

  static async load(transaction: Transaction, needed: Needed): Promise<LimitRows> {
    const [[clock], holders, cooldowns] = await Promise.all([
      transaction.all<{ last: number }>(limitSql.tick),
      transaction.all<{ holder: string; expires_at: number; waiting: string }>(limitSql.holders),
      transaction.all<{ key: string; until: number }>(limitSql.cooldowns, texts([...needed.cooldowns])),
    ])
    const stored = holders.map(
      ({ holder, expires_at: expiresAt, waiting }) => [holder, { expiresAt, waiting }] as const,
    )
    const rows = new LimitRows(clock?.last ?? 0, new Map(stored))
    for (const { key, until } of cooldowns) rows.#cooldowns.set(key, until)
    const permits = await transaction.all<PermitRow>(
      limitSql.permits,
      texts([...needed.permits]),
      texts([...needed.leaving, ...rows.deadHolders()]),
    )
    const parsed = permits.map(({ permit_id: id, holder, parts }) => {
      // JSON that this package wrote.
      return { id, holder, parts: JSON.parse(parts) as readonly StoredPart[] }
    })
    const held = parsed.flatMap(({ parts }) => parts.map(([name, value]) => ({ name, value })))
    await rows.#loadBuckets(transaction, [...needed.buckets, ...held])
    for (const { id, holder, parts } of parsed) rows.#permits.set(id, rows.#toPermit(id, holder, parts))
    return rows
  }

  bucket(rule: Rule, value: string): Bucket {
    const key = keyOf(rule.name, value)
    const found = this.#buckets.get(key)
    if (found === undefined) {
      const made = createBucket(rule, value, this.now)
      this.#buckets.set(key, made)
      return made
    }
    if (!isSame(found.rule, rule)) {
      adoptRule(found, rule)
      this.#changed.add(found)
    }
    return found
  }

  waitersChanged(bucket: Bucket): void {
    this.#changed.add(bucket)
  }

  permit(id: string): OpenPermit | undefined {
    return this.#permits.get(id)
  }

  addPermit(permit: OpenPermit): void {
    this.#permits.set(permit.id, permit)
    this.#added.add(permit.id)
    this.touch(permit)
  }

  removePermit(permit: OpenPermit): void {
    this.#permits.delete(permit.id)
    if (!this.#added.delete(permit.id)) this.#removed.add(permit.id)
    this.touch(permit)
  }

  /** The buckets of the permit are changed. */
  touch(permit: OpenPermit): void {
    for (const { bucket } of permit.parts) this.#changed.add(bucket)
  }

  coolsUntil(key: string): number {
    return this.#cooldowns.get(key) ?? 0
  }

  cool(key: string, until: number): void {
    this.#cooldowns.set(key, until)
    this.#cooled.add(key)
  }

  expiresAt(holder: string): number {
    return this.#holders.get(holder)?.expiresAt ?? 0
  }

  /** Makes a holder known. */
  meet({ id, ttlMs }: Holder): void {
    if (!this.#holders.has(id)) this.#hear(id, { expiresAt: this.now + ttlMs, waiting: '[]' })
  }

  beat({ id, ttlMs }: Holder, waiting: readonly Waiting[]): void {
    this.#hear(id, { expiresAt: this.now + ttlMs, waiting: JSON.stringify(waiting) })
  }

  tell(tallies: readonly LimitTally[]): void {
    this.#tallies.push(...tallies)
  }

  deadHolders(): readonly string[] {
    return [...this.#holders].filter(([, { expiresAt }]) => expiresAt <= this.now).map(([holder]) => holder)
  }

  permitsOf(holder: string): readonly string[] {
    return [...this.#permits.values()].filter((permit) => permit.holder === holder).map(({ id }) => id)
  }

  forget(holder: string): void {
    this.#holders.delete(holder)
    this.#heard.delete(holder)
    this.#gone.add(holder)
  }

  async write(transaction: Transaction): Promise<void> {
    const buckets = [...this.#changed]
    const holders = [...this.#heard].map((holder) => ({ holder, ...this.#holders.get(holder) }))
    const added = [...this.#added].flatMap((id) => this.#permits.get(id) ?? [])
    const cooled = [...this.#cooled]
    await Promise.all([
      putBuckets(
        transaction,
        buckets.filter((bucket) => !isIdle(bucket)),
      ),
      deleteBuckets(transaction, buckets.filter(isIdle)),
      this.#removed.size > 0 && transaction.run(limitSql.deletePermits, texts([...this.#removed])),
      added.length > 0 && addPermits(transaction, added),
      this.#gone.size > 0 && transaction.run(limitSql.deleteHolders, texts([...this.#gone])),
      holders.length > 0 &&
        transaction.run(
          limitSql.putHolders,
          texts(holders.map(({ holder }) => holder)),
          doubles(holders.map(({ expiresAt = 0 }) => expiresAt)),
          texts(holders.map(({ waiting = '[]' }) => waiting)),
        ),
      cooled.length > 0 &&
        transaction.run(limitSql.putCooldowns, texts(cooled), doubles(cooled.map((key) => this.coolsUntil(key)))),
      ...this.#tallies.map(({ limit, requests, waits, waitedMs, longestWaitMs, refusals, throttles }) =>
        transaction.run(limitSql.addTally, limit, requests, waits, waitedMs, longestWaitMs, refusals, throttles),
      ),
    ])
  }

  #hear(holder: string, stored: StoredHolder): void {
    this.#holders.set(holder, stored)
    this.#heard.add(holder)
    this.#gone.delete(holder)
  }

  async #loadBuckets(transaction: Transaction, named: Needed['buckets']): Promise<void> {
    const unique = [...new Map(named.map((one) => [keyOf(one.name, one.value), one])).values()]
    if (unique.length === 0) return
    const rows = await transaction.all<{ state: string }>(
      limitSql.buckets,
      texts(unique.map(({ name }) => name)),
      texts(unique.map(({ value }) => value)),
    )
    for (const bucket of rows.map(({ state }) => readBucket(state))) {
      this.#buckets.set(keyOf(bucket.rule.name, bucket.value), bucket)
    }
  }

  #toPermit(id: string, holder: string, stored: readonly StoredPart[]): OpenPermit {
    const parts = stored.flatMap(([limit, value, amount, mark]) => {
      const bucket = this.#buckets.get(keyOf(limit, value))
      return bucket === undefined ? [] : [{ bucket, amount, mark }]
    })
    return { id, holder, parts }
  }
}

/** Buckets that are full again are as good as none. Returns the last one that was looked at. */
export async function forgetIdle(
  transaction: Transaction,
  after: readonly [name: string, value: string],
  now: number,
): Promise<readonly [name: string, value: string]> {
  const rows = await transaction.all<{ state: string }>(limitSql.someBuckets, ...after)
  const buckets = rows.map(({ state }) => readBucket(state))
  for (const bucket of buckets) advance(bucket, now)
  await Promise.all([
    deleteBuckets(transaction, buckets.filter(isIdle)),
    transaction.run(limitSql.deleteOldCooldowns, now),
  ])
  const last = buckets.at(-1)
  return last === undefined ? ['', ''] : [last.rule.name, last.value]
}

async function putBuckets(transaction: Transaction, buckets: readonly Bucket[]): Promise<void> {
  if (buckets.length === 0) return
  const [names, values] = namesOf(buckets)
  await transaction.run(limitSql.putBuckets, names, values, texts(buckets.map(writeBucket)))
}

async function deleteBuckets(transaction: Transaction, buckets: readonly Bucket[]): Promise<void> {
  if (buckets.length > 0) await transaction.run(limitSql.deleteBuckets, ...namesOf(buckets))
}

function namesOf(buckets: readonly Bucket[]): readonly [Buffer, Buffer] {
  return [texts(buckets.map(({ rule }) => rule.name)), texts(buckets.map(({ value }) => value))]
}

async function addPermits(transaction: Transaction, permits: readonly OpenPermit[]): Promise<void> {
  const parts = permits.map((permit) =>
    permit.parts.map(({ bucket, amount, mark }): StoredPart => [bucket.rule.name, bucket.value, amount, mark]),
  )
  await transaction.run(
    limitSql.addPermits,
    texts(permits.map(({ id }) => id)),
    texts(permits.map(({ holder }) => holder)),
    texts(parts.map((one) => JSON.stringify(one))),
  )
}

function keyOf(limit: string, value: string): string {
  return `${limit}\n${value}`
}

function isSame(a: Rule, b: Rule): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
