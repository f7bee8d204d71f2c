import type { RunId } from '../base/ids.ts'
import { canonicalJson } from '../base/json.ts'
import type { Hash } from '../base/ports.ts'

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
