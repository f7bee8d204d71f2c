import type { InnerUsage, UsageBuckets, UsageFlag } from './usage-buckets.ts'

/** More tokens than any model takes in one call: a count above it is a mistake of the provider. */
const mostTokens = 1_000_000_000

/**
 * Makes every count a whole number from 0 to `most`, and says in `flags` if it had to. What is negative or no number
 * becomes 0, a fraction is rounded up, what is beyond reason becomes `most`. Whoever reserved for the call gives what was
 * reserved, so that one mad answer cannot empty a budget.
 */
export function normalise(usage: UsageBuckets, most: number = mostTokens): UsageBuckets {
  const flags = new Set<UsageFlag>(usage.flags)
  const clean = <T extends object>(counts: T): T => cleanCounts(counts, most, flags)
  const cleanPart = ({ model, ...part }: InnerUsage): InnerUsage => ({
    model,
    in: clean(part.in),
    read: clean(part.read),
    write: clean(part.write),
    out: clean(part.out),
  })
  const whole = {
    ...usage,
    in: clean(usage.in),
    read: clean(usage.read),
    write: clean(usage.write),
    out: clean(usage.out),
    units: clean(usage.units),
    ...(usage.inner ? { inner: usage.inner.map(cleanPart) } : {}),
  }
  return { ...whole, flags: [...flags] }
}

/** The rest of a total after its parts, never negative. */
export function restOf(total: number, parts: number, flags: Set<UsageFlag>): number {
  if (parts > total) flags.add('usage_inconsistent')
  return Math.max(0, total - parts)
}

function cleanCounts<T extends object>(counts: T, most: number, flags: Set<UsageFlag>): T {
  // What was cleaned before: nothing has to be made anew.
  if (isClean(counts, most)) return counts
  const kept: Record<string, number> = {}
  for (const name in counts) {
    const count: unknown = counts[name]
    const clean = cleanCount(count, most)
    if (clean !== count && count !== undefined) flags.add('usage_invalid')
    // Providers tell a dozen counts, and most are 0.
    if (clean > 0) kept[name] = clean
  }
  // Same names, and each value is a number again.
  return kept as T
}

function isClean(counts: object, most: number): boolean {
  for (const name in counts) {
    // The loop gave the name: the field exists.
    const count = (counts as Record<string, unknown>)[name]
    if (!(Number.isSafeInteger(count) && Number(count) > 0 && Number(count) <= most)) return false
  }
  return true
}

function cleanCount(count: unknown, most: number): number {
  if (typeof count !== 'number' || Number.isNaN(count) || count < 0) return 0
  return count > most ? most : Math.ceil(count)
}
