import type { Json } from '../base/json.ts'
import { invalid, planGraph, type GraphPlan } from './plan.ts'
import type { AnyTask } from './task.ts'

/** Makes tasks of the data that a task added to its graph. Must be pure; may throw: then the task that grew fails. */
export type GrowTasks = (tasks: Readonly<Record<string, Json>>) => Readonly<Record<string, AnyTask>>

/** How a graph is driven. */
export interface GraphSettings {
  /** Tasks that run at one time, 1 to 1,000; 100, or the largest `concurrency` of a task, unless said. */
  readonly maxParallel?: number
  /** What tasks share and how much of it there is: `{ gpu: 2 }`. See {@link TaskSettings.uses}. */
  readonly pools?: Readonly<Record<string, number>>
  /** Makes tasks of what tasks add by {@link grow}. Without, a task that adds tasks fails. */
  readonly growth?: GrowTasks
  /** What else happens when a task has failed: `continue` runs what does not need it; `stop` cancels and skips the rest. */
  readonly onFailure?: 'continue' | 'stop'
}

/** A checked graph, ready to be run by {@link runGraph}. */
export interface PreparedGraph extends GraphSettings {
  readonly name: string
  readonly plan: GraphPlan
  readonly tasks: ReadonlyMap<string, AnyTask>
  readonly maxParallel: number
}

/** Checks tasks and how they are driven. Throws `graph.invalid` or `graph.cycle`. */
export function prepareGraph(
  name: string,
  tasks: Readonly<Record<string, AnyTask>>,
  settings: GraphSettings = {},
): PreparedGraph {
  const maxParallel = settings.maxParallel ?? widest(Object.values(tasks))
  if (!Number.isInteger(maxParallel) || maxParallel < 1 || maxParallel > 1_000) {
    throw invalid(name, 'maxParallel must be a whole number from 1 to 1,000')
  }
  const plan = planGraph(name, tasks, maxParallel)
  for (const [pool, units] of Object.entries(settings.pools ?? {})) {
    if (!(units > 0)) throw invalid(name, `the pool ${pool} has ${units} units`)
  }
  for (const [id, task] of Object.entries(tasks)) checkTask(name, id, task, settings)
  return { ...settings, name, plan, tasks: new Map(Object.entries(tasks)), maxParallel }
}

/** 100 unless a task asks for more. */
function widest(tasks: readonly AnyTask[]): number {
  return tasks.reduce((most, { concurrency = 0 }) => Math.max(most, concurrency), 100)
}

/** What the plan does not look at. Throws `graph.invalid`. */
export function checkTask(name: string, id: string, task: AnyTask, { pools = {} }: GraphSettings): void {
  const problem = problemOf(task, pools)
  if (problem !== undefined) throw invalid(name, `task ${id}: ${problem}`)
}

function problemOf(task: AnyTask, pools: Readonly<Record<string, number>>): string | undefined {
  const { work, uses = {}, repeat, concurrency, timeoutMs, deadlineMs } = task
  for (const [pool, units] of Object.entries(uses)) {
    const most = pools[pool]
    if (most === undefined) return `there is no pool ${pool}`
    if (!(units > 0) || units > most) return `it uses ${units} of the ${most} units of pool ${pool}`
  }
  if (repeat && !(Number.isInteger(repeat.maxTimes) && repeat.maxTimes >= 1))
    return 'maxTimes must be a whole number above 0'
  if (concurrency !== undefined && !(Number.isInteger(concurrency) && concurrency >= 1)) {
    return 'concurrency must be a whole number above 0'
  }
  if (task.forEach === undefined && (concurrency !== undefined || task.optionalItems !== undefined)) {
    return 'concurrency and optionalItems are for tasks with forEach'
  }
  if (timeoutMs !== undefined && !(timeoutMs > 0)) return 'timeoutMs must be above 0'
  if (deadlineMs !== undefined && !(deadlineMs > 0)) return 'deadlineMs must be above 0'
  if (task.budget !== undefined && work.kind !== 'definition') return 'only a definition has a budget'
  if (task.retry !== undefined && (work.kind === 'signal' || work.kind === 'timer'))
    return `a ${work.kind} is not tried again`
  if (task.timeoutMs !== undefined && work.kind === 'timer') return 'a timer has no timeout'
  return undefined
}
