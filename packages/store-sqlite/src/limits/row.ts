import type { LimitTally, Rule } from '@meepo/core'
import type { Bucket, Crowd, Place, Share, Turns } from '@meepo/core/store-rules'
import { integer, text, type Row } from '../row.ts'

/** A row of `limit_buckets` as a bucket. */
export function toBucket(found: Row): Bucket {
  const turns = found['turns'] ?? null
  return {
    // JSON that this package wrote.
    rule: JSON.parse(text(found, 'rule')) as Rule,
    value: text(found, 'value'),
    level: integer(found, 'level'),
    at: integer(found, 'at'),
    open: integer(found, 'open'),
    taken: integer(found, 'taken'),
    returnable: integer(found, 'returnable'),
    learnedMark: integer(found, 'learned_mark'),
    cutMark: integer(found, 'cut_mark'),
    percent: integer(found, 'percent'),
    percentAt: integer(found, 'percent_at'),
    slots: new Map(JSON.parse(text(found, 'slots')) as [string, number][]),
    ...(turns === null ? {} : { turns: toTurns(text(found, 'turns')) }),
  }
}

/** How turns are written, as JSON. */
interface WrittenTurns {
  readonly virtual: Turns['virtual']
  readonly shares: readonly (readonly [string, Share])[]
  readonly places: readonly (readonly [string, Place])[]
  readonly crowds: readonly (readonly [string, Crowd])[]
}

function toTurns(written: string): Turns {
  // JSON that this package wrote.
  const { virtual, shares, places, crowds } = JSON.parse(written) as WrittenTurns
  return { virtual, shares: new Map(shares), places: new Map(places), crowds: new Map(crowds) }
}

/** Who waits for the bucket, as it is written. */
export function fromTurns({ turns }: Bucket): string | null {
  if (turns === undefined) return null
  const { virtual, shares, places, crowds } = turns
  const written: WrittenTurns = { virtual, shares: [...shares], places: [...places], crowds: [...crowds] }
  return JSON.stringify(written)
}

/** The values of `putBucket`. */
export function fromBucket(bucket: Bucket): (string | number | null)[] {
  const { rule, value, level, at, open, taken, returnable, learnedMark, cutMark, percent, percentAt, slots } = bucket
  const head = [rule.name, value, JSON.stringify(rule), level, at, open, taken, returnable]
  return [...head, learnedMark, cutMark, percent, percentAt, JSON.stringify([...slots]), fromTurns(bucket)]
}

/** A row of `limit_tallies`. */
export function toTally(found: Row): LimitTally {
  return {
    limit: text(found, 'name'),
    requests: integer(found, 'requests'),
    waits: integer(found, 'waits'),
    waitedMs: integer(found, 'waited_ms'),
    longestWaitMs: integer(found, 'longest_wait_ms'),
    refusals: integer(found, 'refusals'),
    throttles: integer(found, 'throttles'),
  }
}
