import { MeepoError } from '../../base/errors.ts'
import { quantile } from '../../base/quantile.ts'
import { seededRandom } from '../../base/seeded-random.ts'
import { formatDollars, parseDollars } from '../../cost/money.ts'
import type { Graph } from '../graph.ts'
import type { TaskRecord } from '../outcome.ts'
import { levels, type GraphNode } from '../plan.ts'
import type { AnyTask } from '../task.ts'
import { criticalPath, parallelWindows, timelineOf, type ParallelWindow } from './timeline.ts'

/** What past runs of a task took: one number per run, in any order. */
export interface TaskMeasures {
  readonly ms: readonly number[]
  readonly picoDollars: readonly number[]
}

/** The middle of what is likely, and what is not exceeded in 19 of 20 runs. */
export interface Range {
  readonly p50: number
  readonly p95: number
}

/** What a graph is likely to take. */
export interface GraphEstimate {
  readonly tasks: number
  /** Past runs that were looked at. */
  readonly runs: number
  readonly ms: Range
  /** In pico-dollars. */
  readonly picoDollars: Range
  /** Tasks by level: those of one need only tasks of levels above. */
  readonly levels: readonly (readonly string[])[]
  /** The tasks that decide how long it takes when there are places for all. */
  readonly criticalPath: { readonly tasks: readonly string[]; readonly ms: number }
  /** When several tasks are at work together; not told of more than 1,000 tasks. */
  readonly windows: readonly ParallelWindow[]
  /** The most tasks at work together; 1 where windows are not told. */
  readonly widest: number
  /** Tasks of which nobody knows how long they take, or what they cost. They count as nothing. */
  readonly unknown: { readonly ms: readonly string[]; readonly dollars: readonly string[] }
  /** Tasks that are counted as if they ran for one item, once. */
  readonly countedOnce: readonly string[]
}

/** Tasks that are simulated for one estimate, about 100 ms. */
const simulatedTasks = 200_000
/** More simulations change nothing that can be seen. */
const maxSimulations = 400
/** Windows of larger graphs are nothing that anybody reads. */
const tasksWithWindows = 1_000

/** What past runs say about each task; only tasks that completed count. */
export function measuresOf(runs: readonly (readonly TaskRecord[])[]): ReadonlyMap<string, TaskMeasures> {
  const measures = new Map<string, { ms: number[]; picoDollars: number[] }>()
  for (const { taskId, status, durationMs, cost } of runs.flat()) {
    if (status !== 'completed') continue
    const own = measures.get(taskId) ?? { ms: [], picoDollars: [] }
    measures.set(taskId, own)
    own.ms.push(durationMs)
    if (cost !== undefined) own.picoDollars.push(Number(cost))
  }
  return measures
}

/**
 * Estimates what a run of a graph takes, of what past runs of its tasks took, or else of what the tasks expect. Every
 * task is taken to run once and to complete; the same measures give the same estimate.
 */
export function estimateGraph(
  { graph }: Pick<Graph, 'graph'>,
  measures: ReadonlyMap<string, TaskMeasures> = new Map(),
): GraphEstimate {
  const { plan, tasks, maxParallel } = graph
  // The plan was made of these tasks.
  const taskOf = (node: GraphNode): AnyTask => tasks.get(node.id)!
  const known = new Map(plan.map((node) => [node, samplesOf(taskOf(node), measures.get(node.id))]))
  const samplesFor = (node: GraphNode): Samples => known.get(node)!
  const middle = (node: GraphNode): number => quantile(samplesFor(node).ms, 0.5)
  const spans = timelineOf(plan, middle, maxParallel)
  const free = timelineOf(plan, middle, Infinity)
  const windows = plan.length > tasksWithWindows ? [] : parallelWindows(spans)
  const { ms, picoDollars } = simulate()
  return {
    tasks: plan.length,
    runs: Math.max(0, ...[...measures.values()].map((each) => each.ms.length)),
    ms,
    picoDollars,
    levels: levels(plan),
    criticalPath: { tasks: criticalPath(free), ms: endOf(free) },
    windows,
    widest: windows.reduce((most, window) => Math.max(most, window.tasks.length), 1),
    unknown: {
      ms: plan.filter((node) => samplesFor(node).ms.length === 0).map(({ id }) => id),
      dollars: plan
        .filter((node) => samplesFor(node).picoDollars.length === 0 && mayCost(taskOf(node)))
        .map(({ id }) => id),
    },
    countedOnce: plan.filter((node) => !measures.has(node.id) && isMany(taskOf(node))).map(({ id }) => id),
  }

  /** Draws a past run for each task, again and again. */
  function simulate(): { readonly ms: Range; readonly picoDollars: Range } {
    const varies = plan.some((node) => samplesFor(node).ms.length > 1 || samplesFor(node).picoDollars.length > 1)
    const times = varies ? Math.max(20, Math.min(maxSimulations, Math.floor(simulatedTasks / plan.length))) : 1
    const random = seededRandom('estimate')
    const draw = (samples: readonly number[]): number => samples[Math.floor(random.next() * samples.length)] ?? 0
    const totals = Array.from({ length: times }, () => ({
      ms: endOf(timelineOf(plan, (node) => draw(samplesFor(node).ms), maxParallel)),
      picoDollars: plan.reduce((sum, node) => sum + draw(samplesFor(node).picoDollars), 0),
    }))
    return { ms: rangeOf(totals.map((each) => each.ms)), picoDollars: rangeOf(totals.map((each) => each.picoDollars)) }
  }
}

/** Refuses an estimate that is over a budget, in pico-dollars: throws `graph.over_budget`. */
export function refuseOverBudget(name: string, { picoDollars, runs }: GraphEstimate, budget: bigint): void {
  const likely = BigInt(Math.round(picoDollars.p50))
  if (likely <= budget) return
  const source = runs > 0 ? `as ${runs} past runs say` : 'as its tasks expect'
  const message = `graph ${name} is likely to cost ${formatDollars(likely)}, ${source}, and may cost ${formatDollars(budget)}`
  throw new MeepoError('graph.over_budget', message, {
    details: { picoDollars: likely.toString(), budget: budget.toString() },
  })
}

type Samples = TaskMeasures

/** Measured numbers, or else the expected one. */
function samplesOf({ expects, work }: AnyTask, measured: TaskMeasures | undefined): Samples {
  const timer = work.kind === 'timer' && typeof work.ms === 'number' ? work.ms : undefined
  const ms = expects?.ms ?? timer
  const { dollars } = expects ?? {}
  return {
    ms: measured?.ms.length ? measured.ms : ms === undefined ? [] : [ms],
    picoDollars: measured?.picoDollars.length
      ? measured.picoDollars
      : dollars === undefined
        ? []
        : [Number(parseDollars(dollars))],
  }
}

/** A wait costs nothing, and a function pays nobody that we know. */
function mayCost({ work }: AnyTask): boolean {
  if (work.kind === 'tool')
    return work.tool.isPaid === true || work.tool.price !== undefined || work.tool.definition !== undefined
  return work.kind === 'definition'
}

function isMany({ forEach, repeat }: AnyTask): boolean {
  return forEach !== undefined || repeat !== undefined
}

function endOf(spans: readonly { readonly to: number }[]): number {
  return spans.reduce((last, { to }) => Math.max(last, to), 0)
}

function rangeOf(samples: readonly number[]): Range {
  return { p50: quantile(samples, 0.5), p95: quantile(samples, 0.95) }
}
