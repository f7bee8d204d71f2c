import type { Holder, Lesson, LimiterReport, PermitSettlement, Turn } from '@meepo/core'

/** What is done with counters, in order. An ask names its rule by the index in the list of the command. */
export type LimitOperation =
  | { readonly kind: 'take'; readonly holder: Holder; readonly requests: readonly EncodedRequest[] }
  | { readonly kind: 'settle'; readonly settlements: readonly PermitSettlement[] }
  | { readonly kind: 'release'; readonly ids: readonly string[] }
  | { readonly kind: 'learn'; readonly lessons: readonly Lesson[] }
  | { readonly kind: 'beat' | 'leave'; readonly holder: Holder; readonly report: LimiterReport }

/** A request for a permit, with its asks flat: rule, value, amount of each. */
export interface EncodedRequest {
  readonly id: string
  readonly cooldown?: string
  readonly turn?: Turn
  readonly asks: readonly (string | number)[]
}
