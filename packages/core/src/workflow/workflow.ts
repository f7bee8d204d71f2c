import { MeepoError, toError, toErrorData } from '../base/errors.ts'
import { parseWith } from '../base/schema.ts'
import { askedLimits, type AskedLimits } from '../engine/asked-limits.ts'
import type { StartOptions } from '../engine/engine.ts'
import type { DataGraph } from '../graph/data/graph-from-data.ts'
import type { Graph } from '../graph/graph.ts'
import type { RunLimits } from '../log/events.ts'
import { checkDefinition, type AnyDefinition, type Definition, type Retention } from '../run/definition.ts'
import { checkSchedule, invalidSchedule, type Fire, type Schedule } from './schedule.ts'

/** What {@link defineWorkflow} takes. */
export interface WorkflowOptions<I, O> {
  /** What it does: a graph, or any other definition. */
  readonly graph: Definition<I, O>
  /** That of the graph unless said. */
  readonly name?: string
  /** That of the graph unless said. */
  readonly version?: string
  /** What a run and everything below it may cost, in dollars: `5`, `'$0.50'`. */
  readonly budget?: string | number
  readonly limits?: Partial<RunLimits>
  /** Higher goes first, where runs wait for room; 0 unless said. */
  readonly priority?: number
  /** How long a run may take from its start, waits included. Of equal priority, the one that must end first goes first. */
  readonly deadlineMs?: number
  readonly schedule?: Schedule<I>
  /** How long ended runs stay; for ever unless said. */
  readonly retention?: Retention
}

/** A definition that is run as a whole: counted, scheduled and forgotten by its own rules. */
export interface Workflow<I = unknown, O = unknown> extends Definition<I, O> {
  readonly isWorkflow: true
  readonly priority?: number
  readonly deadlineMs?: number
  readonly schedule?: Schedule<I>
}

/** Runs of schedules stay at least so long. */
const leastKeptMs = 60_000

/**
 * Makes a workflow of a graph, or of any other definition. It can be used wherever that could be; below another run it is
 * a run like any other. Throws `definition.invalid` and `schedule.invalid`.
 * @example
 * defineWorkflow({ graph: report, budget: '$2', schedule: { cron: '0 7 * * MON-FRI', timeZone: 'Europe/Berlin' } })
 */
export function defineWorkflow<I, O>(options: WorkflowOptions<I, O>): Workflow<I, O> {
  const { graph, name = graph.name, version = graph.version, priority, deadlineMs, schedule, retention } = options
  checkDefinition({ name, version, ...(retention ? { retention } : {}) })
  if (priority !== undefined && !Number.isInteger(priority)) throw invalid(name, 'priority', 'a whole number')
  if (deadlineMs !== undefined && !(Number.isFinite(deadlineMs) && deadlineMs > 0))
    throw invalid(name, 'deadlineMs', 'a number above 0')
  if (schedule) {
    checkSchedule(name, schedule)
    checkInput(name, graph, schedule)
    // Whether a fire was started is looked up among the runs.
    for (const [field, ms] of Object.entries(retention ?? graph.retention ?? {}))
      if (ms < leastKeptMs)
        throw invalid(name, `retention.${field}`, `at least ${leastKeptMs}, as the workflow has a schedule`)
  }
  const asked = limitsOf(name, options)
  const limits = { ...graph.limits, ...asked }
  const given = { priority, deadlineMs, schedule, retention: retention ?? graph.retention }
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  // What is computed when it is asked for, as `uses` of agents, stays so.
  const copy = Object.defineProperties({}, Object.getOwnPropertyDescriptors(graph))
  // A copy of the definition with what was said above.
  return Object.assign(copy, { name, version, limits, isWorkflow: true, ...set }) as unknown as Workflow<I, O>
}

/**
 * A graph of data as a workflow, whatever its data say: one whose schedule was taken out is still the workflow that had it,
 * and its schedule ends.
 */
export function workflowFromData(graph: DataGraph): DataGraph {
  const { schedule, retention, priority, deadlineMs } = graph.data
  const asked = { schedule, retention, priority, deadlineMs }
  const set = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
  // A copy of the graph, with its data.
  return defineWorkflow({ graph: graph as Graph, ...set }) as unknown as DataGraph
}

/** True for what {@link defineWorkflow} made. */
export function isWorkflow(definition: AnyDefinition): definition is Workflow {
  return definition.isWorkflow === true
}

/** How a run of the definition starts where the caller says nothing else: with the priority and deadline of a workflow. */
export function workflowStart(definition: AnyDefinition, options: StartOptions, now: number): StartOptions {
  if (!isWorkflow(definition)) return options
  const { priority, deadlineMs } = definition
  return {
    ...(priority === undefined ? {} : { priority }),
    ...options,
    ...(deadlineMs === undefined ? {} : { limits: { deadlineAt: now + deadlineMs, ...options.limits } }),
  }
}

/** What the schedule of a workflow gives to the run of a fire. Throws `schedule.invalid`. */
export function scheduleInput({ name, schedule }: Workflow, at: number): unknown {
  const input: unknown = schedule?.input ?? null
  // An input is JSON: only what makes inputs of fires is a function.
  if (typeof input !== 'function') return input
  const given = madeBy(name, input as (fire: Fire) => unknown, at)
  if (!(given instanceof Promise)) return given
  // Nobody waits for it.
  given.catch(() => undefined)
  throw invalidSchedule(name, 'schedule.input', 'must not be async: read in the first task what the run works on')
}

function madeBy(workflow: string, input: (fire: Fire) => unknown, at: number): unknown {
  try {
    return input({ at })
  } catch (cause) {
    throw invalidSchedule(workflow, 'schedule.input', `threw: ${toError(cause).message}`, cause)
  }
}

function checkInput(workflow: string, { input: schema }: AnyDefinition, { input }: Schedule): void {
  // What a function gives is known when it is asked.
  if (typeof input === 'function') return
  const what = `schedule.input${input === undefined ? ': it is missing, and the workflow does not take null' : ''}`
  try {
    parseWith(schema, input ?? null, 'schedule.invalid', `workflow ${workflow}: ${what}`)
  } catch (cause) {
    const details = { workflow, field: 'schedule.input' }
    throw new MeepoError('schedule.invalid', toError(cause).message, { details, cause })
  }
}

function limitsOf(workflow: string, { budget, limits }: AskedLimits): Partial<RunLimits> {
  try {
    return askedLimits({ budget, limits })
  } catch (thrown) {
    const { code, message } = toErrorData(thrown)
    const text = code === 'money.invalid' && budget !== undefined ? `budget: ${message}` : message
    throw MeepoError.fromData({ ...toErrorData(thrown), message: `workflow ${workflow}: ${text}` })
  }
}

function invalid(workflow: string, field: string, expected: string): MeepoError {
  return new MeepoError('definition.invalid', `workflow ${workflow}: ${field} must be ${expected}`, {
    details: { workflow, field },
  })
}
