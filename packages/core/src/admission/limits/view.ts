import { advance, availableIn, type Bucket } from './bucket.ts'
import type { BucketView, LimitsView } from './counters.ts'

/** More than anybody reads. */
const mostBuckets = 1_000

/** Buckets as they are now, those with the least room first. */
export function viewOf(
  buckets: Iterable<Bucket>,
  cooldowns: Iterable<readonly [key: string, until: number]>,
  now: number,
): Pick<LimitsView, 'buckets' | 'cooldowns'> {
  const views: BucketView[] = []
  for (const bucket of buckets) {
    advance(bucket, now)
    const { rule, value, open, percent } = bucket
    const { name: limit, counts, capacity } = rule
    views.push({ limit, value, counts, capacity, available: availableIn(bucket), open, percent })
  }
  views.sort((a, b) => a.available / a.capacity - b.available / b.capacity)
  return {
    buckets: views.slice(0, mostBuckets),
    cooldowns: [...cooldowns].filter(([, until]) => until > now).map(([key, until]) => ({ key, leftMs: until - now })),
  }
}
