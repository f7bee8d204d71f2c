import { formatDollars, parseDollars } from '../cost/money.ts'
import { levels, planGraph } from '../graph/plan.ts'
import type { WorkerMeasure, WorkerMeasures } from './measures.ts'
import { workerName, type Plan } from './plan.ts'
import { findWorker, type Worker, type Workers } from './workers.ts'

/** What a plan is likely to take, of what is known about its workers. A type that may reach the log. */
export type PlanEstimate = {
  readonly tasks: number
  /** The longest chain of tasks that need each other. */
  readonly levels: number
  /** What is likely, in pico-dollars as text; those of {@link PlanEstimate.unknown} are not in it. */
  readonly picoDollars: string
  /** Likely, of the longest chain, as far as times are known. */
  readonly ms: number
  /** What all tasks together hardly exceed; there when something was measured. */
  readonly p95?: { readonly picoDollars: string; readonly ms: number }
  /** Workers of which nobody knows what they cost. */
  readonly unknown: readonly string[]
}

/** What one task is likely to take. */
interface Likely {
  readonly ms: number
  readonly picoDollars: bigint | undefined
}

/**
 * Adds up what the tasks took in past runs, or else are expected to take: costs of all, times of the longest chain. Every
 * task is taken to run once.
 */
export function estimatePlan({ tasks }: Plan, workers: Workers, measured: WorkerMeasures = {}): PlanEstimate {
  const ids = new Set(tasks.map(({ id }) => id))
  const shapes = tasks.map(({ id, needs = [] }) => [id, { needs: needs.filter((need) => ids.has(need)) }] as const)
  const rows = levels(planGraph('plan', Object.fromEntries(shapes)))
  const needs = new Map(shapes.map(([id, shape]) => [id, shape.needs]))
  const measureOf = (name: string): WorkerMeasure | undefined =>
    Object.hasOwn(measured, name) ? measured[name] : undefined
  const total = (share: 'p50' | 'p95'): { readonly picoDollars: string; readonly ms: number } => {
    const likely = tasks.map((task) => ({
      id: task.id,
      ...likelyOf(findWorker(workers, task), measureOf(workerName(task)), share),
    }))
    const pico = likely.reduce((sum, { picoDollars = 0n }) => sum + picoDollars, 0n)
    return { picoDollars: pico.toString(), ms: longestMs(rows, needs, new Map(likely.map(({ id, ms }) => [id, ms]))) }
  }
  const unknown = tasks.filter(
    (task) => likelyOf(findWorker(workers, task), measureOf(workerName(task)), 'p50').picoDollars === undefined,
  )
  return {
    tasks: tasks.length,
    levels: rows.length,
    ...total('p50'),
    ...(tasks.some((task) => measureOf(workerName(task))) ? { p95: total('p95') } : {}),
    unknown: [...new Set(unknown.map(workerName))],
  }
}

function likelyOf(worker: Worker | undefined, measure: WorkerMeasure | undefined, share: 'p50' | 'p95'): Likely {
  const { dollars, ms = 0 } = worker?.expects ?? {}
  const paid = measure?.picoDollars
  const expected = dollars === undefined ? (mayCost(worker) ? undefined : 0n) : parseDollars(dollars)
  return { ms: measure?.ms[share] ?? ms, picoDollars: paid ? BigInt(paid[share]) : expected }
}

/** A tool that does not say that it is paid pays nobody that we know. */
function mayCost(worker: Worker | undefined): boolean {
  return worker?.kind !== 'tool' || worker.tool.isPaid === true || worker.tool.definition !== undefined
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
export function estimateText({ tasks, levels, picoDollars, ms, p95, unknown }: PlanEstimate): string {
  const parts = [`${tasks} ${tasks === 1 ? 'task' : 'tasks'} in ${levels} ${levels === 1 ? 'level' : 'levels'}`]
  if (ms > 0) parts.push(`about ${ms} ms${p95 ? ` (p95 ${p95.ms} ms)` : ''}`)
  const dollars = `${unknown.length > 0 ? 'at least ' : ''}${formatDollars(BigInt(picoDollars))}`
  parts.push(`${dollars}${p95 ? ` (p95 ${formatDollars(BigInt(p95.picoDollars))})` : ''}`)
  if (unknown.length > 0) parts.push(`not known for ${unknown.join(', ')}`)
  return parts.join(', ')
}
