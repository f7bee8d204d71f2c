import type { RunStatus, RunSummary } from '@meepo/core'

/** A row of `runs`. */
export interface RunRow {
  readonly id: number
  readonly run_id: string
  readonly tenant: string
  readonly definition: string
  readonly version: string
  readonly session_id: string
  readonly parent_run: string | null
  readonly parent_number: number | null
  readonly parent_child: string | null
  readonly status: RunStatus
  readonly priority: number
  readonly deadline_at: number | null
  readonly created_at: number
  readonly ended_at: number | null
  readonly last_seq: number
  readonly owner: string | null
  readonly place: number | null
}

/** What everybody may know about a run. */
export function toSummary(row: RunRow): RunSummary {
  const { parent_run: parent, parent_number: number, parent_child: childId } = row
  const isChild = parent !== null && number !== null && childId !== null
  return {
    runId: row.run_id,
    tenant: row.tenant,
    definition: row.definition,
    version: row.version,
    sessionId: row.session_id,
    ...(isChild ? { parent: { runId: parent, number, childId } } : {}),
    status: row.status,
    priority: row.priority,
    ...(row.deadline_at === null ? {} : { deadlineAt: row.deadline_at }),
    ...(row.place === null ? {} : { isWorkflow: true }),
    createdAt: row.created_at,
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
    lastSeq: row.last_seq,
    ...(row.owner === null ? {} : { owner: row.owner }),
  }
}
