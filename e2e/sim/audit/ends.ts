import type { Store } from '@meepo/core'
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

/** Runs that are not in the store. */
export interface Missing {
  readonly gone: ReadonlySet<string>
  readonly violations: readonly Violation[]
}

/** Finds runs that are gone. Only retention may take them: ended ones of a definition that says how long they stay. */
export async function findMissing(runs: Iterable<StoryRun>, store: Store): Promise<Missing> {
  const present = new Set((await store.log.runs('system', { limit: 100_000 })).map(({ runId }) => runId))
  const gone = new Set<string>()
  const violations: Violation[] = []
  for (const { runId, definition, isEnded } of runs) {
    if (present.has(runId)) continue
    gone.add(runId)
    if (definition !== 'tour' || !isEnded)
      violations.push({ rule: 'no acknowledged event or delivery is lost', text: `run ${runId} is gone` })
  }
  return { gone, violations }
}
