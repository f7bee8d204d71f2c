import type { RunLimits } from '../log/events.ts'
import type { AnyDefinition } from './definition.ts'

/** The active time of a run that nobody limited. */
const defaultActiveMs = 300_000

/** What a definition says about limits. */
type Limited = Pick<AnyDefinition, 'limits' | 'fallbackLimits'>

/** The limits of a root run: what the caller said, else the definition, else the defaults. */
export function startLimits({ fallbackLimits, limits }: Limited = {}, asked: Partial<RunLimits> = {}): RunLimits {
  return { activeMs: defaultActiveMs, ...fallbackLimits, ...limits, ...asked }
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
  const picoDollars =
    lower(parent.picoDollars, options.picoDollars ?? limits?.picoDollars) ?? fallbackLimits?.picoDollars
  return {
    activeMs: strictest('activeMs'),
    ...(deadlineAt === Infinity ? {} : { deadlineAt }),
    ...(maxTurns === Infinity ? {} : { maxTurns }),
    ...(picoDollars === undefined ? {} : { picoDollars }),
  }
}

/** The smaller of two amounts; one that is absent does not limit. */
function lower(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return BigInt(one) <= BigInt(other) ? one : other
}
