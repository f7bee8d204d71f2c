import type { LimitTally, Rule } from '@meepo/core'
import type { Bucket } from '@meepo/core/store-rules'
import { integer, text, type Row } from '../row.ts'

/** A row of `limit_buckets` as a bucket. */
export function toBucket(found: Row): Bucket {
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
  }
}

/** The values of `putBucket`. */
export function fromBucket(bucket: Bucket): (string | number)[] {
  const { rule, value, level, at, open, taken, returnable, learnedMark, cutMark, percent, percentAt, slots } = bucket
  const head = [rule.name, value, JSON.stringify(rule), level, at, open, taken, returnable]
  return [...head, learnedMark, cutMark, percent, percentAt, JSON.stringify([...slots])]
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
