import { MeepoError } from '../base/errors.ts'
import type { RunContext } from './context.ts'

/** Errors about the run as a whole: nothing that code inside the run does about them can help. */
const runCodes: ReadonlySet<string> = new Set([
  'ctx.inside_step',
  'run.cancelled',
  'run.deadline',
  'run.foreign_await',
  'run.nondeterministic',
  'run.segment_too_long',
  'run.too_wide',
])

/**
 * True when an error means that the run itself is ending (cancel, deadline, broken replay) and not just one of its
 * tasks. Code that turns the failure of a task into a value lets such an error pass.
 */
export function isRunEnding(ctx: Pick<RunContext, 'signal'>, thrown: unknown): boolean {
  return ctx.signal.aborted || (MeepoError.is(thrown) && runCodes.has(thrown.code))
}
