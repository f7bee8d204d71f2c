import { formatDollars, parseDollars } from '../cost/money.ts'
import { levels, planGraph } from '../graph/plan.ts'
import { workerName, type Plan } from './plan.ts'
import { findWorker, type Workers } from './workers.ts'

/** What a plan is likely to take, of what is known about its workers. A type that may reach the log. */
export type PlanEstimate = {
  readonly tasks: number
  /** The longest chain of tasks that need each other. */
  readonly levels: number
  /** In pico-dollars as text; those of {@link PlanEstimate.unknown} are not in it. */
  readonly picoDollars: string
  /** Of the longest chain, as far as times are known. */
  readonly ms: number
  /** Workers of which nobody knows what they cost. */
  readonly unknown: readonly string[]
}

/** Adds up what the tasks are expected to cost, and the times of the longest chain. */
export function estimatePlan({ tasks }: Plan, workers: Workers): PlanEstimate {
  const ids = new Set(tasks.map(({ id }) => id))
  const unknown = new Set<string>()
  let pico = 0n
  const times = new Map<string, number>()
  for (const task of tasks) {
    const { dollars, ms = 0 } = findWorker(workers, task)?.expects ?? {}
    times.set(task.id, ms)
    if (dollars === undefined) unknown.add(workerName(task))
    else pico += parseDollars(dollars)
  }
  const shapes = tasks.map(({ id, needs = [] }) => [id, { needs: needs.filter((need) => ids.has(need)) }] as const)
  const rows = levels(planGraph('plan', Object.fromEntries(shapes)))
  return {
    tasks: tasks.length,
    levels: rows.length,
    picoDollars: pico.toString(),
    ms: longestMs(rows, new Map(shapes.map(([id, { needs }]) => [id, needs])), times),
    unknown: [...unknown],
  }
}

/** When the last task ends if nothing waits for a place. */
function longestMs(
  rows: readonly (readonly string[])[],
  needs: ReadonlyMap<string, readonly string[]>,
  times: ReadonlyMap<string, number>,
): number {
  const ends = new Map<string, number>()
  let last = 0
  for (const id of rows.flat()) {
    const begins = (needs.get(id) ?? []).reduce((most, need) => Math.max(most, ends.get(need) ?? 0), 0)
    const end = begins + (times.get(id) ?? 0)
    ends.set(id, end)
    last = Math.max(last, end)
  }
  return last
}

/** An estimate in a few words, for people. */
export function estimateText({ tasks, levels, picoDollars, ms, unknown }: PlanEstimate): string {
  const parts = [`${tasks} ${tasks === 1 ? 'task' : 'tasks'} in ${levels} ${levels === 1 ? 'level' : 'levels'}`]
  if (ms > 0) parts.push(`about ${ms} ms`)
  parts.push(`${unknown.length > 0 ? 'at least ' : ''}${formatDollars(BigInt(picoDollars))}`)
  if (unknown.length > 0) parts.push(`not known for ${unknown.join(', ')}`)
  return parts.join(', ')
}
