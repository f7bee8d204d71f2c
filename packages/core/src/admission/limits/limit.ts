// The words of this folder. A Limit is what somebody configured. A Rule is a limit made ready for arithmetic. A bucket
// is the state of one rule for one value of its scope. A request asks several buckets at once, all or nothing; what it
// got is a permit, which ends by settling (it was sent) or by release (it was not).

import { MeepoError } from '../../base/errors.ts'

/** Whose calls a limit counts together. */
export type LimitScope = 'global' | 'key' | 'provider' | 'model' | 'tenant' | 'user' | 'session' | 'agent' | 'tool'

/** What is counted. `concurrent` is how many at a time, everything else is a rate. */
export type LimitCounts = 'requests' | 'input_tokens' | 'output_tokens' | 'tokens' | 'concurrent'

/** The time that a rate speaks of. */
export type LimitPeriod = 'second' | 'minute' | 'hour' | 'day'

/**
 * One limit. A rate refills smoothly: 60 a minute is one a second after the first 60.
 *
 * @example
 * const limits: Limit[] = [
 *   { name: 'openai-tpm', scope: 'key', counts: 'tokens', amount: 2_000_000, per: 'minute' },
 *   { name: 'per-user', scope: 'user', counts: 'requests', amount: 10, per: 'minute', burst: 3 },
 *   { name: 'at-once', scope: 'tenant', counts: 'concurrent', amount: 20 },
 * ]
 */
export interface Limit {
  /** Unique: it names the limit in errors and in `meepo limits`. */
  readonly name: string
  readonly scope: LimitScope
  /** Only this key, model, tenant …; without, each has a bucket of its own. */
  readonly value?: string
  readonly counts: LimitCounts
  readonly amount: number
  /** Needed for rates, senseless for `concurrent`. */
  readonly per?: LimitPeriod
  /** The most that can be used at once after a pause: the capacity of the bucket. `amount` unless said. */
  readonly burst?: number
}

/** How long each period is, in milliseconds. */
export const periodMs: Readonly<Record<LimitPeriod, number>> = {
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
}

const scopes: readonly LimitScope[] = [
  'global',
  'key',
  'provider',
  'model',
  'tenant',
  'user',
  'session',
  'agent',
  'tool',
]
const countables: readonly LimitCounts[] = ['requests', 'input_tokens', 'output_tokens', 'tokens', 'concurrent']
/** Beyond it a bucket could not be kept in integers that a number holds exactly. */
const mostAmount = 1e12

/**
 * Refuses limits that make no sense with `config.invalid`, which names the limit.
 * The argument may come from a file: nothing is taken for granted.
 */
export function checkLimits(limits: readonly Limit[]): void {
  const names = new Set<string>()
  for (const limit of limits) {
    const problem = names.has(limit.name) ? 'has the name of another one' : problemOf(limit)
    if (problem !== undefined) {
      throw new MeepoError('config.invalid', `the limit ${JSON.stringify(limit.name)} ${problem}`)
    }
    names.add(limit.name)
  }
}

function problemOf({ name, scope, value, counts, amount, per, burst }: Limit): string | undefined {
  if (typeof name !== 'string' || !/^[\w.:/@-]{1,100}$/.test(name)) {
    return 'needs a name of letters, digits and . : / @ - _, at most 100'
  }
  // Refusals use it for pairs that cool down.
  if (name === 'cooldown') return 'has a name that is taken'
  if (!scopes.includes(scope)) return `has an unknown scope; there are ${scopes.join(', ')}`
  if (!countables.includes(counts)) return `counts something unknown; there are ${countables.join(', ')}`
  if (value !== undefined && (typeof value !== 'string' || value === '')) return 'has a value that is no text'
  if (scope === 'global' && value !== undefined) return 'is global, so it cannot have a value'
  if (!isAmount(amount)) return `needs a whole amount from 1 to ${mostAmount}`
  if (counts === 'concurrent') {
    return per === undefined && burst === undefined ? undefined : 'counts what is open at a time: no per, no burst'
  }
  if (per === undefined || !Object.hasOwn(periodMs, per)) return 'needs per: second, minute, hour or day'
  if (burst !== undefined && !isAmount(burst)) return `needs a whole burst from 1 to ${mostAmount}`
  // It would limit nothing, and the refill of a millisecond would be lost in rounding.
  if (burst !== undefined && burst > 1_000 * amount) return 'has a burst of more than 1,000 times its amount'
  return undefined
}

function isAmount(amount: unknown): boolean {
  return typeof amount === 'number' && Number.isInteger(amount) && amount >= 1 && amount <= mostAmount
}
