import { MeepoError } from '../base/errors.ts'
import type { RunLimits } from '../log/events.ts'
import type { AnyDefinition } from './definition.ts'

/** The active time of a run that nobody limited. */
const defaultActiveMs = 300_000

/** What a definition says about limits. */
type Limited = Pick<AnyDefinition, 'limits' | 'fallbackLimits'>
type Unpriced = RunLimits['unpriced']

/**
 * The limits of a root run: what the caller said, else the definition, else the defaults. Throws `config.invalid` for a
 * policy for calls without a price where no amount is limited.
 */
export function startLimits({ fallbackLimits, limits }: Limited = {}, asked: Partial<RunLimits> = {}): RunLimits {
  const policy = asked.unpriced ?? limits?.unpriced ?? unpricedBy(asked.picoDollars ?? limits?.picoDollars)
  return withUnpriced({ activeMs: defaultActiveMs, ...fallbackLimits, ...limits, ...asked }, policy)
}

/** The limits of a child: each the strictest of parent, definition and options; what is nowhere said falls back. */
export function narrowLimits(
  parent: RunLimits,
  { fallbackLimits, limits }: Limited = {},
  options: Partial<RunLimits> = {},
): RunLimits {
  const strictest = (key: 'activeMs' | 'deadlineAt' | 'maxTurns'): number =>
    Math.min(parent[key] ?? Infinity, options[key] ?? limits?.[key] ?? Infinity)
  const deadlineAt = strictest('deadlineAt')
  const maxTurns = strictest('maxTurns')
  const asked = options.picoDollars ?? limits?.picoDollars
  const picoDollars = lower(parent.picoDollars, asked) ?? fallbackLimits?.picoDollars
  const own = options.unpriced ?? limits?.unpriced ?? unpricedBy(asked)
  const narrowed: RunLimits = {
    activeMs: strictest('activeMs'),
    ...(deadlineAt === Infinity ? {} : { deadlineAt }),
    ...(maxTurns === Infinity ? {} : { maxTurns }),
    ...(picoDollars === undefined ? {} : { picoDollars }),
  }
  return withUnpriced(narrowed, stricter(parent.unpriced, own))
}

/**
 * What a reopening changes of the limits of a run. More money is an amount that somebody asked for, so it minds calls
 * without a price, unless the run was told otherwise before.
 */
export function raisedLimits(before: RunLimits, asked: Partial<RunLimits>): Partial<RunLimits> {
  const policy = asked.unpriced ?? before.unpriced ?? unpricedBy(asked.picoDollars)
  withUnpriced({ ...before, ...asked }, policy)
  return policy === undefined || policy === before.unpriced ? asked : { ...asked, unpriced: policy }
}

/** An amount that somebody asked for is kept: what cannot be counted against it is refused. */
function unpricedBy(asked: string | undefined): Unpriced {
  return asked === undefined ? undefined : 'deny'
}

function withUnpriced(limits: RunLimits, policy: Unpriced): RunLimits {
  if (policy === undefined) return limits
  if (limits.picoDollars !== undefined) return { ...limits, unpriced: policy }
  throw new MeepoError('config.invalid', 'limits.unpriced goes with an amount: give a budget or limits.picoDollars')
}

const policies = ['allow_flagged', 'assume_ceiling', 'deny'] as const

/** The stricter of two policies; one that is absent refuses nothing. */
function stricter(one: Unpriced, other: Unpriced): Unpriced {
  if (one === undefined || other === undefined) return one ?? other
  return policies.indexOf(one) >= policies.indexOf(other) ? one : other
}

/** The smaller of two amounts; one that is absent does not limit. */
function lower(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return BigInt(one) <= BigInt(other) ? one : other
}
