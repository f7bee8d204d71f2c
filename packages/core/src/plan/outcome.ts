import { MeepoError, type ErrorData } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import type { TaskRecord } from '../graph/outcome.ts'
import { describeTry } from './choose-recovery.ts'
import type { PlanEstimate } from './estimate.ts'
import { workerName, type Plan, type PlannedTask, type PlanRole } from './plan.ts'
import type { FailedTry } from './recovery.ts'

/** One task of a plan, as it ended. A type that may reach the log. */
export type PlanTaskRecord = {
  readonly id: string
  /** The tool or agent, as planned. */
  readonly worker: string
  readonly role: PlanRole
  readonly status: TaskRecord['status']
  readonly result?: Json
  /** Why it was skipped or cancelled. */
  readonly why?: string
  /** Its failed tries, and what was done about them. */
  readonly tries?: readonly JsonObject[]
}

/** What a planner gives. A type that may reach the log. */
export type PlanOutcome = {
  /** The result of the task that the plan names, or of those that nobody needs. */
  readonly answer: Json
  /** All tasks, those that were added included, as they were planned. */
  readonly plan: Plan
  /** In the order of the plan. */
  readonly tasks: readonly PlanTaskRecord[]
  /** How often the plan, or a part of it, was made anew. */
  readonly replans: number
  /** Of the first plan, before it began. */
  readonly estimate: PlanEstimate
  /** Why the goal counts as reached, where somebody judged that. */
  readonly reason?: string
}

/** The record of a task. One that has none was never begun. */
export function planTaskRecord(
  task: PlannedTask,
  record: TaskRecord | undefined,
  tries: readonly FailedTry[],
): PlanTaskRecord {
  const { id, role = 'worker' } = task
  const { status = 'pending', why, output } = record ?? {}
  return {
    id,
    worker: workerName(task),
    role,
    status,
    // Results came out of the log: they are JSON.
    ...(output === undefined ? {} : { result: output as Json }),
    ...(why === undefined ? {} : { why }),
    ...(tries.length > 0 ? { tries: tries.map(describeTry) } : {}),
  }
}

/** What a planner knows when it gives up. */
export interface PlanEnd {
  readonly failed: ReadonlyMap<string, ErrorData>
  readonly records: readonly PlanTaskRecord[]
  readonly replans: number
}

/** The error of a plan that cannot be carried out: what failed, and all that was tried. */
export function planFailed(name: string, { failed, records, replans }: PlanEnd): MeepoError {
  const told = [...failed].slice(0, 3).map(([id, { code, message }]) => `${id} (${code}: ${message})`)
  const more = failed.size > told.length ? `, and ${failed.size - told.length} more` : ''
  const history = records
    .filter(({ tries }) => tries !== undefined)
    .map(({ id, worker, status, tries = [] }) => ({ task: id, worker, status, tries }))
  return new MeepoError('plan.failed', `${name} could not carry out its plan: ${told.join(', ')}${more}`, {
    details: { failed: [...failed.keys()], history, ...keptOf(records), replans },
  })
}

/** The error of a plan that was carried out and did not reach its goal. */
export function goalNotReached(
  name: string,
  reason: string,
  { records, replans }: Omit<PlanEnd, 'failed'>,
): MeepoError {
  return new MeepoError(
    'plan.goal_not_reached',
    `${name} carried out its plan, and the goal is not reached: ${reason}`,
    {
      details: { ...keptOf(records), replans },
    },
  )
}

function keptOf(records: readonly PlanTaskRecord[]): JsonObject {
  const idsOf = (status: TaskRecord['status']): readonly string[] =>
    records.filter((record) => record.status === status).map(({ id }) => id)
  return { completed: idsOf('completed'), skipped: idsOf('skipped'), cancelled: idsOf('cancelled') }
}
