import type { RunLimits } from '../log/events.ts'

/** The active time of a run that nobody limited. */
const defaultActiveMs = 300_000

/** The limits of a root run: what the caller said, else the definition, else the defaults. */
export function startLimits(definition: Partial<RunLimits> = {}, asked: Partial<RunLimits> = {}): RunLimits {
  return { activeMs: defaultActiveMs, ...definition, ...asked }
}

/** The limits of a child: each the strictest of parent, definition and options. */
export function narrowLimits(
  parent: RunLimits,
  definition: Partial<RunLimits> = {},
  options: Partial<RunLimits> = {},
): RunLimits {
  const strictest = (key: keyof RunLimits): number =>
    Math.min(parent[key] ?? Infinity, options[key] ?? definition[key] ?? Infinity)
  const deadlineAt = strictest('deadlineAt')
  const maxTurns = strictest('maxTurns')
  return {
    activeMs: strictest('activeMs'),
    ...(deadlineAt === Infinity ? {} : { deadlineAt }),
    ...(maxTurns === Infinity ? {} : { maxTurns }),
  }
}
