import type { LanguageModelV4Usage } from '@ai-sdk/provider'
import { normalise, toUsage as summarise, type Usage } from '@meepo/core'

import type { ProviderKind } from './options.ts'
import { extractUsage } from './usage/extract.ts'

/** The counts of one call as disjoint buckets; `undefined` when the provider reported none. */
export function toUsage(usage: LanguageModelV4Usage | undefined, kind: ProviderKind): Usage | undefined {
  const { buckets } = extractUsage({ kind, usage })
  return buckets && summarise(normalise(buckets))
}
