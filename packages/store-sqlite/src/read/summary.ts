import type { RunStatus, RunSummary } from '@meepo/core'
import { integer, optionalNumber, optionalText, text, type Row } from '../row.ts'

/** A row of `runs`, joined with the name of its engine and its last seq. */
export function toSummary(found: Row): RunSummary {
  const parentRun = optionalText(found, 'parent_run')
  const deadlineAt = optionalNumber(found, 'deadline_at')
  const endedAt = optionalNumber(found, 'ended_at')
  const owner = optionalText(found, 'engine')
  return {
    runId: text(found, 'run_id'),
    tenant: text(found, 'tenant'),
    definition: text(found, 'definition'),
    version: text(found, 'version'),
    sessionId: text(found, 'session_id'),
    ...(parentRun === undefined
      ? {}
      : {
          parent: {
            runId: parentRun,
            number: integer(found, 'parent_number'),
            childId: text(found, 'parent_child'),
          },
        }),
    // The column holds nothing else: the writer fills it from this type.
    status: text(found, 'status') as RunStatus,
    priority: integer(found, 'priority'),
    ...(deadlineAt === undefined ? {} : { deadlineAt }),
    ...(optionalNumber(found, 'place') === undefined ? {} : { isWorkflow: true }),
    createdAt: integer(found, 'created_at'),
    ...(endedAt === undefined ? {} : { endedAt }),
    lastSeq: optionalNumber(found, 'last_seq') ?? 0,
    ...(owner === undefined ? {} : { owner }),
  }
}
