import type { Bucket, Turns } from '@meepo/core/store-rules'

/** Maps are written as their entries. */
type Written = Omit<Bucket, 'slots' | 'turns'> & {
  readonly slots: readonly (readonly [string, number])[]
  readonly turns?: {
    readonly virtual: Turns['virtual']
    readonly shares: readonly (readonly [string, never])[]
    readonly places: readonly (readonly [string, never])[]
    readonly crowds: readonly (readonly [string, never])[]
  }
}

/** A bucket as JSON. */
export function writeBucket(bucket: Bucket): string {
  return JSON.stringify(bucket, (_, value: unknown) => (value instanceof Map ? [...value] : value))
}

/** A bucket that {@link writeBucket} wrote. */
export function readBucket(text: string): Bucket {
  // This package wrote it from this type.
  const { slots, turns, ...rest } = JSON.parse(text) as Written
  if (turns === undefined) return { ...rest, slots: new Map(slots) }
  const { virtual, shares, places, crowds } = turns
  const maps = { shares: new Map(shares), places: new Map(places), crowds: new Map(crowds) }
  return { ...rest, slots: new Map(slots), turns: { virtual, ...maps } }
}
