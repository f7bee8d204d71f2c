import type { Rule } from '@meepo/core'
import {
  adoptRule,
  createBucket,
  isIdle,
  type Bucket,
  type CounterRows,
  type OpenPermit,
} from '@meepo/core/store-rules'
import type { StatementSync } from 'node:sqlite'
import { integer, text } from '../row.ts'
import { fromBucket, fromTurns, toBucket } from './row.ts'
import type { limitSql } from './sql.ts'

/** The prepared statements, by their names in `sql.ts`. */
export type LimitStatements = { readonly [name in keyof typeof limitSql]: StatementSync }

/** A part of a permit as it is stored: limit, value, amount, mark. */
type StoredPart = readonly [limit: string, value: string, amount: number, mark: number]

/** The rows of one command: read when they are needed, written once at its end. */
export class LimitRows implements CounterRows {
  readonly #run: LimitStatements
  readonly #now: number
  readonly #buckets = new Map<string, Bucket>()
  readonly #changed = new Set<Bucket>()
  /** Only who waits for it changed. */
  readonly #waitedFor = new Set<Bucket>()
  /** Permits that this command granted, until they end in it. */
  readonly #added = new Map<string, OpenPermit>()

  constructor(run: LimitStatements, now: number) {
    this.#run = run
    this.#now = now
  }

  bucket(rule: Rule, value: string): Bucket {
    const found = this.#find(rule.name, value)
    if (found === undefined) {
      const made = createBucket(rule, value, this.#now)
      this.#buckets.set(keyOf(rule.name, value), made)
      return made
    }
    if (!isSame(found.rule, rule)) {
      adoptRule(found, rule)
      this.#changed.add(found)
    }
    return found
  }

  waitersChanged(bucket: Bucket): void {
    this.#waitedFor.add(bucket)
  }

  permit(id: string): OpenPermit | undefined {
    const added = this.#added.get(id)
    if (added !== undefined) return added
    const found = this.#run.permit.get(id)
    if (!found) return undefined
    const stored = JSON.parse(text(found, 'parts')) as readonly StoredPart[]
    const parts = stored.flatMap(([limit, value, amount, mark]) => {
      const bucket = this.#find(limit, value)
      return bucket === undefined ? [] : [{ bucket, amount, mark }]
    })
    return { id, holder: text(found, 'holder'), parts }
  }

  addPermit(permit: OpenPermit): void {
    this.#added.set(permit.id, permit)
    this.touch(permit)
  }

  removePermit(permit: OpenPermit): void {
    if (!this.#added.delete(permit.id)) this.#run.deletePermit.run(permit.id)
    this.touch(permit)
  }

  /** The buckets of the permit are changed. */
  touch(permit: OpenPermit): void {
    for (const { bucket } of permit.parts) this.#changed.add(bucket)
  }

  coolsUntil(key: string): number {
    const found = this.#run.cooldown.get(key)
    return found ? integer(found, 'until') : 0
  }

  cool(key: string, until: number): void {
    this.#run.setCooldown.run(key, until)
  }

  expiresAt(holder: string): number {
    const found = this.#run.holder.get(holder)
    return found ? integer(found, 'expires_at') : 0
  }

  /** Writes the permits, so that they can be found by their holder. */
  flushPermits(): void {
    for (const { id, holder, parts } of this.#added.values()) {
      const stored = parts.map(({ bucket, amount, mark }): StoredPart => [bucket.rule.name, bucket.value, amount, mark])
      this.#run.addPermit.run(id, holder, JSON.stringify(stored))
    }
    this.#added.clear()
  }

  /** Writes what changed. */
  flush(): void {
    this.flushPermits()
    for (const bucket of this.#changed) {
      if (isIdle(bucket)) this.#run.deleteBucket.run(bucket.rule.name, bucket.value)
      else this.#run.putBucket.run(...fromBucket(bucket))
    }
    for (const bucket of this.#waitedFor) {
      if (!this.#changed.has(bucket)) this.#run.putTurns.run(fromTurns(bucket), bucket.rule.name, bucket.value)
    }
  }

  #find(limit: string, value: string): Bucket | undefined {
    const key = keyOf(limit, value)
    const known = this.#buckets.get(key)
    if (known !== undefined) return known
    const found = this.#run.bucket.get(limit, value)
    if (!found) return undefined
    const bucket = toBucket(found)
    this.#buckets.set(key, bucket)
    return bucket
  }
}

function keyOf(limit: string, value: string): string {
  return `${limit}\n${value}`
}

function isSame(a: Rule, b: Rule): boolean {
  return (
    a.capacity === b.capacity &&
    a.unit === b.unit &&
    a.rate === b.rate &&
    a.counts === b.counts &&
    a.scope === b.scope &&
    a.only === b.only
  )
}
