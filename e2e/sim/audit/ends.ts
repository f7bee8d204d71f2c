import { MeepoError, type ErrorCode, type Store } from '@meepo/core'
import type { Violation } from '../../torture/audit/violation.ts'
import type { StoryRun } from './story.ts'

/** Why a run of the workload may fail: because the world refused, never because a resume went wrong. */
const honest: readonly string[] = ['model.', 'limit.', 'budget.', 'tool.']

/** A run that failed says a reason that lies outside of it. */
export function auditFailures(runs: Iterable<StoryRun>): readonly Violation[] {
  const found: Violation[] = []
  for (const { runId, definition, events } of runs) {
    const end = events.at(-1)?.event
    if (end?.type !== 'run.failed') continue
    const { code, message } = end.data.error
    if (honest.some((kind) => code.startsWith(kind))) continue
    found.push({
      rule: 'a resumed run goes on as if nothing had happened',
      text: `${runId} of ${definition} failed: ${code} ${message}`,
    })
  }
  return found
}

/** Runs that retention removed. Only ended ones of definitions that say so may go. */
export async function findRemoved(runs: Iterable<StoryRun>, store: Store): Promise<ReadonlySet<string>> {
  const gone = new Set<string>()
  for (const { runId, definition, isEnded } of runs) {
    if (definition !== 'tour' || !isEnded) continue
    try {
      await store.log.run('system', runId)
    } catch (thrown) {
      const missing: ErrorCode = 'run.not_found'
      if (!MeepoError.is(thrown) || thrown.code !== missing) throw thrown
      gone.add(runId)
    }
  }
  return gone
}
