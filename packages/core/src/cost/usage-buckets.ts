import type { Json } from '../base/json.ts'
import { addUsage, type Usage } from '../base/usage.ts'

/** Tokens of one direction by what they stand for. A bucket that is absent is empty. */
export interface Modalities {
  readonly text?: number
  readonly audio?: number
  readonly image?: number
  readonly video?: number
}

/** Input tokens written to a provider cache, by how long they stay there. */
export interface CacheWrites {
  readonly m5?: number
  readonly m30?: number
  readonly h1?: number
  readonly h12?: number
  /** The provider does not say how long. */
  readonly other?: number
}

/** What was wrong with the counts of a provider. */
export type UsageFlag =
  /** Parts exceed their total; the parts were believed. */
  | 'usage_inconsistent'
  /** A count was negative, no number, not whole or beyond reason, and was replaced. */
  | 'usage_invalid'
  /** Written tokens without their time to live; the shortest was assumed. */
  | 'ttl_unknown'

/**
 * What one call used, as the price book counts it. The buckets are disjoint: a cached, written or reasoning token is in
 * exactly one of them. Image and audio tokens of the output are not in `out.text`.
 */
export interface UsageBuckets {
  /** Neither read from nor written to a cache. */
  readonly in: Modalities
  /** Read from a cache. */
  readonly read: Modalities
  /** Written to a cache. */
  readonly write: CacheWrites
  readonly out: Modalities & { readonly reasoning?: number }
  /** What is counted in pieces: `webSearch`, `requests`, `images`, `seconds`, `cacheStorageTokenHours`. */
  readonly units: Readonly<Record<string, number>>
  /** Calls that the provider made to other models for this one. Their tokens are not in the buckets above. */
  readonly inner?: readonly InnerUsage[]
  readonly flags: readonly UsageFlag[]
  /** `final`: by the provider's word; `partial`: the last word before the stream broke; `estimated`: counted by us. */
  readonly source: 'final' | 'partial' | 'estimated'
  /** The provider's own words, so that the call can be priced again. */
  readonly raw?: Json
}

/** Tokens that another model used inside a call, billed at its own prices. */
export interface InnerUsage {
  readonly model: string
  readonly in: Modalities
  readonly read: Modalities
  readonly write: CacheWrites
  readonly out: Modalities & { readonly reasoning?: number }
}

/** No tokens at all. */
export const emptyBuckets: UsageBuckets = {
  in: {},
  read: {},
  write: {},
  out: {},
  units: {},
  flags: [],
  source: 'final',
}

/** All input tokens: fresh, read and written, of every modality. This chooses the size tier. */
export function inputTokens(usage: Pick<UsageBuckets, 'in' | 'read' | 'write'>): number {
  return sum(usage.in) + sum(usage.read) + sum(usage.write)
}

/** All output tokens, reasoning included. */
export function outputTokens(usage: Pick<UsageBuckets, 'out'>): number {
  return sum(usage.out)
}

/** The token summary that results and reports show. What other models used inside the call is counted with it. */
export function toUsage(buckets: UsageBuckets): Usage {
  const { inner = [] } = buckets
  return { ...inner.reduce((all, part) => addUsage(all, ownUsage(part)), ownUsage(buckets)), calls: 1 }
}

function ownUsage({ in: input, read, write, out }: Pick<UsageBuckets, 'in' | 'read' | 'write' | 'out'>): Usage {
  const reasoning = out.reasoning ?? 0
  return {
    input: sum(input),
    cacheRead: sum(read),
    cacheWrite: sum(write),
    output: sum(out) - reasoning,
    reasoning,
    calls: 1,
  }
}

function sum(counts: object): number {
  let total = 0
  // A loop over names, because every call sums up nine times. Counts hold numbers by their types.
  for (const name in counts) total += (counts as Readonly<Record<string, number | undefined>>)[name] ?? 0
  return total
}
