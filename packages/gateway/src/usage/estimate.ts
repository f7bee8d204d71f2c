import { outputTokens, type UsageBuckets } from '@meepo/core'

/** What we counted ourselves. */
export interface OwnCount {
  /** The count before the call. */
  readonly inputTokens: number
  /** Of the text that was delivered. */
  readonly outputTokens: number
}

/**
 * The usage to settle with. The provider's last word stands, an explicit zero as well. Of a stream that broke after the
 * input was counted, the output is what was delivered, if that is more. Without any word everything is our own count.
 */
export function estimateUsage(reported: UsageBuckets | undefined, own: OwnCount): UsageBuckets {
  if (reported?.source === 'final') return reported
  if (!reported) {
    return {
      in: { text: own.inputTokens },
      read: {},
      write: {},
      out: { text: own.outputTokens },
      units: {},
      flags: [],
      source: 'estimated',
    }
  }
  const missing = own.outputTokens - outputTokens(reported)
  if (missing <= 0) return reported
  return { ...reported, out: { ...reported.out, text: (reported.out.text ?? 0) + missing } }
}
