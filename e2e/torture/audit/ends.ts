import { isOnce } from '@meepo/core'
import type { SeenRun } from '../watch.ts'
import type { Evidence } from './audit.ts'
import type { Violation } from './violation.ts'

/** When nobody is killed any more, every run ends or rests on a person, and no uncertain effect is forgotten. */
export function auditEnds({ runs, left }: Evidence): readonly Violation[] {
  const found: Violation[] = []
  for (const run of runs.values()) {
    const rests = left.has(run.runId) && run.unknown.size > 0
    if (!run.isEnded && !rests) {
      const last = run.events.at(-1)?.event.type
      found.push({
        rule: 'every run ends or rests',
        text: `${run.runId} of ${run.definition} hangs behind ${last} (${run.events.length} events)`,
      })
    }
    if (run.isEnded) found.push(...auditUnknown(run))
  }
  return found
}

function auditUnknown(run: SeenRun): readonly Violation[] {
  const open = new Set<number>()
  for (const { event } of run.events) {
    if (event.type === 'step.started' && isOnce(event.data.effect)) open.add(event.data.number)
    else if (event.type === 'step.completed' || event.type === 'step.failed' || event.type === 'task.cancelled') {
      if (!run.unknown.has(event.data.number)) open.delete(event.data.number)
    }
  }
  const end = run.events.at(-1)?.event
  const listed = end?.type === 'run.cancelled' || end?.type === 'run.failed' ? end.data.unknownSteps : []
  return [...open]
    .filter((number) => !listed.includes(number))
    .map((number) => ({
      rule: 'an unknown effect is resolved or listed',
      text: `${run.runId}: step ${number} of the ended run`,
    }))
}
