import { toError } from '../base/errors.ts'
import type { RunId } from '../base/ids.ts'
import { canonicalJson } from '../base/json.ts'
import type { Hash } from '../base/ports.ts'
import { invalidSchedule, scheduleData } from './schedule.ts'
import type { Workflow } from './workflow.ts'

/** The run of a fire: the same in every process, so that it is created once. */
export function fireRunId(hash: Hash, workflow: string, tenant: string, at: number): RunId {
  return `w${hash(canonicalJson([workflow, tenant, at])).slice(0, 24)}`
}

/**
 * The scheduler that comes after another one; the first one without. Each has one successor: of several processes that
 * want to change a schedule, or to go on with it, one gets the place.
 */
export function nextSchedulerId(hash: Hash, workflow: string, scheduler: RunId = ''): RunId {
  return `t${hash(canonicalJson([workflow, scheduler])).slice(0, 24)}`
}

/** The version of schedulers that start nothing: every process with the workflow can drive them. */
export const restVersion = 'rest'

/**
 * The version of schedulers that start the runs of this workflow: another one for another version, schedule or input, so that
 * only processes that would start the same drive them. Functions as inputs count as equal. Throws `schedule.invalid`.
 */
export function schedulerVersion(hash: Hash, { name, version, schedule }: Workflow): string {
  if (!schedule) return restVersion
  const { input = null } = schedule
  const given = typeof input === 'function' ? { isFunction: true } : { input }
  try {
    return hash(canonicalJson([version, scheduleData(schedule), given])).slice(0, 24)
  } catch (cause) {
    throw invalidSchedule(name, 'schedule.input', `must be JSON: ${toError(cause).message}`, cause)
  }
}
