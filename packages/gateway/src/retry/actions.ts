import type { FailureClass } from './failure-class.ts'

/** What follows a failure. */
export interface Action {
  /** How often the same target is tried again, as long as there is nothing better to do. */
  readonly again: number
  /** Whether another target may be tried. `larger`: one with a larger window. `moderation`: where the route allows it. */
  readonly next: 'yes' | 'no' | 'larger' | 'moderation'
  /**
   * What the target's health learns. `failure` counts towards opening its breaker; `cooldown` keeps it free until the
   * time that the provider told, or a growing one; `open_key` takes all models of the key out, `open_target` this one.
   */
  readonly health: 'failure' | 'cooldown' | 'open_key' | 'open_target' | 'neutral'
  /** Before the first repeat at most; without, the route's backoff. */
  readonly firstWaitMs?: number
}

/**
 * One row for each class of failures. The reasons: silence is never repeated where it was, as that multiplies the wait;
 * a provider that is overloaded is left early; one that asks to wait is not ill; a request that is wrong is wrong
 * everywhere; our own refusals say nothing about a provider.
 */
export const actions: Readonly<Record<FailureClass, Action>> = {
  connection: { again: 1, next: 'yes', health: 'failure', firstWaitMs: 250 },
  silence: { again: 0, next: 'yes', health: 'failure' },
  server: { again: 2, next: 'yes', health: 'failure' },
  overloaded: { again: 1, next: 'yes', health: 'failure' },
  rate_limited: { again: 1, next: 'yes', health: 'cooldown' },
  rate_limited_blind: { again: 2, next: 'yes', health: 'cooldown' },
  quota: { again: 0, next: 'yes', health: 'open_key' },
  key_refused: { again: 0, next: 'yes', health: 'open_key' },
  unknown_model: { again: 0, next: 'yes', health: 'open_target' },
  invalid: { again: 0, next: 'no', health: 'neutral' },
  context_length: { again: 0, next: 'larger', health: 'neutral' },
  content_filter: { again: 0, next: 'moderation', health: 'neutral' },
  malformed: { again: 1, next: 'yes', health: 'failure' },
  cut: { again: 1, next: 'yes', health: 'failure' },
  ours: { again: 0, next: 'no', health: 'neutral' },
}
