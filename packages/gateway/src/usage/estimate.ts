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
 * input was counted, the output is what was delivered, if that is more. Without any word everything is our own count; a
 * word that cannot be true (flagged `usage_invalid`) is none: it would be free, or empty a budget.
 */
export function estimateUsage(reported: UsageBuckets | undefined, own: OwnCount): UsageBuckets {
  const isInvalid = reported?.flags.includes('usage_invalid') === true
  if (reported?.source === 'final' && !isInvalid) return reported
  if (!reported || isInvalid) {
    return {
      in: { text: own.inputTokens },
      read: {},
      write: {},
      out: { text: own.outputTokens },
      units: {},
      flags: reported?.flags ?? [],
      source: 'estimated',
    }
  }
  const missing = own.outputTokens - outputTokens(reported)
  if (missing <= 0) return reported
  return { ...reported, out: { ...reported.out, text: (reported.out.text ?? 0) + missing } }
}
