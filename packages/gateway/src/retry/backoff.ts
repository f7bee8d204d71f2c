import type { CallRetry } from '@meepo/core'

/** How a route repeats tries. */
export interface RetryOptions extends Omit<CallRetry, 'backoff'> {
  /** A function gets the number of the repeat, from 1, and answers with milliseconds, which are jittered and capped. */
  readonly backoff?: CallRetry['backoff'] | ((repeat: number) => number)
  /** The longest time that a provider may ask a call to wait for it; with a longer one another target is tried. Default 5,000. */
  readonly patienceMs?: number
}

/** Everything decided. */
export interface RetryRule extends RetryOptions {
  readonly backoff: NonNullable<RetryOptions['backoff']>
  readonly firstMs: number
  readonly longestMs: number
  readonly jitter: 'full' | 'none'
  readonly patienceMs: number
}

const defaults: RetryRule = {
  backoff: 'exponential',
  firstMs: 500,
  longestMs: 8_000,
  jitter: 'full',
  patienceMs: 5_000,
}

/** What the call says wins over what the route says, and that over what the gateway says. */
export function retryRule(...layers: readonly (RetryOptions | undefined)[]): RetryRule {
  // The first that says something about it; `undefined` says nothing.
  const given = layers.filter((layer) => layer !== undefined)
  const rule: RetryRule = { ...defaults }
  for (const layer of given.toReversed()) Object.assign(rule, layer)
  return rule
}

/** The wait before the repeat of this number (from 1), as a number between 0 and 1 draws it. */
export function backoffMs(rule: RetryRule, repeat: number, draw: number): number {
  const length = Math.min(rule.longestMs, lengthOf(rule, repeat))
  return rule.jitter === 'none' ? length : draw * length
}

function lengthOf({ backoff, firstMs }: RetryRule, repeat: number): number {
  if (typeof backoff === 'function') return Math.max(0, backoff(repeat) || 0)
  switch (backoff) {
    case 'exponential':
      return firstMs * 2 ** (repeat - 1)
    case 'linear':
      return firstMs * repeat
    case 'fixed':
      return firstMs
  }
}
