// What is wrong with a graph, or strange about it, before anything runs. Cycles and missing needs do not come here: there
// is no graph with them.

import { copyJson } from '../../base/json-copy.ts'
import type { JsonObject } from '../../base/json.ts'
import { anySchema, type Schema } from '../../base/schema.ts'
import { compileExpression } from '../data/expression.ts'
import type { JsonSchema, TaskData } from '../data/graph-data.ts'
import { isObject } from '../data/json-schema.ts'
import { scopeOf } from '../data/scope-of.ts'
import type { Graph } from '../graph.ts'
import { levels, type GraphNode, type GraphPlan } from '../plan.ts'
import type { AnyTask } from '../task.ts'
import { findMismatch } from './mismatch.ts'
import { isMissing, shapeOfExpression, shapeOfMapping, type KnownShapes, type Missing } from './static-shape.ts'

/** One thing that was found. An error fails whenever its task runs; a warning is most likely a mistake. */
export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly kind: 'never_runs' | 'always_runs' | 'schema_mismatch'
  readonly task: string
  /** Which part of the task, as far as it is one. */
  readonly key?: 'input' | 'forEach'
  readonly message: string
}

type Mismatch = Pick<Finding, 'key' | 'message'>

/**
 * Looks for tasks that can never run, conditions that decide nothing, and results that never fit what takes them. Only
 * what is sure is told. Of a graph of data the evaluator of expressions must be loaded.
 */
export function analyzeGraph({ graph, input }: Pick<Graph, 'graph' | 'input'>): readonly Finding[] {
  const findings: Finding[] = []
  const never = findNever(graph.plan, graph.tasks, findings)
  const known: KnownShapes = {
    input: schemaData(input), // Expressions name tasks that there are: that was checked.
    result: (task) => resultOf(graph.tasks.get(task)!),
  }
  for (const [id, task] of graph.tasks) {
    const mismatch = never.has(id) ? undefined : mismatchOf(task, known)
    if (mismatch !== undefined) findings.push({ severity: 'error', kind: 'schema_mismatch', task: id, ...mismatch })
  }
  return findings
}

/** The tasks that never run, each after those that it needs. */
function findNever(plan: GraphPlan, tasks: ReadonlyMap<string, AnyTask>, findings: Finding[]): ReadonlySet<string> {
  const never = new Set<string>()
  const nodes = new Map(plan.map((node) => [node.id, node]))
  const tell = (kind: Finding['kind'], task: string, message: string): void =>
    void findings.push({ severity: 'warning', kind, task, message })
  for (const id of levels(plan).flat()) {
    // Levels and tasks are those of the plan.
    const when = sourceOf(tasks.get(id)!)?.when
    const constant = when === undefined ? undefined : constantOf(when)
    if (constant === true) tell('always_runs', id, `its condition is always true: ${when}`)
    const gone = nodes.get(id)!.needs.filter((need) => never.has(need.id))
    if (constant === false) tell('never_runs', id, `its condition is never true: ${when}`)
    else if (isLost(nodes.get(id)!, gone.length)) {
      tell('never_runs', id, `it waits for ${gone.map((need) => need.id).join(', ')}, which cannot complete`)
    } else continue
    never.add(id)
  }
  return never
}

/** Whether a join cannot be met without so many of the needs. */
function isLost({ join, needs }: GraphNode, gone: number): boolean {
  if (gone === 0 || join === 'settled') return false
  return join === 'all' || needs.length - gone < join
}

/** The value of a condition that is the same for all values; `&&` and `||` know without looking at both sides. */
function constantOf(when: string): unknown {
  try {
    return compileExpression(when, 'task', 'a boolean').evaluate({})
  } catch {
    // It needs a value: what it gives is not known.
    return undefined
  }
}

function mismatchOf(task: AnyTask, known: KnownShapes): Mismatch | undefined {
  const wanted = wantedBy(task)
  const data = sourceOf(task)
  if (data === undefined)
    return task.input || task.forEach ? undefined : told('the input of the graph', known.input, wanted)
  const list =
    data.forEach === undefined ? undefined : shapeOfExpression(compileExpression(data.forEach, 'task'), known)
  if (list !== undefined && isMissing(list))
    return { key: 'forEach', message: `forEach reads ${list.missing}, which is not there` }
  if (list !== undefined) {
    const noList = findMismatch(list, { type: 'array' })
    if (noList !== undefined) return { key: 'forEach', message: `forEach: ${noList}` }
  }
  if (data.input === undefined) {
    return list === undefined
      ? told('the input of the graph', known.input, wanted)
      : told('an item', itemOf(list), wanted)
  }
  const given = shapeOfMapping(data.input, scopeOf(data), known)
  const mismatch = isMissing(given)
    ? { message: `its input reads ${given.missing}, which is not there` }
    : told('its input', given, wanted)
  return mismatch && { key: 'input', ...mismatch }
}

function told(what: string, given: JsonSchema | undefined, wanted: JsonSchema | undefined): Mismatch | undefined {
  if (given === undefined || wanted === undefined) return undefined
  const mismatch = findMismatch(given, wanted)
  return mismatch === undefined ? undefined : { message: `${what} does not fit: ${mismatch}` }
}

function itemOf(list: JsonSchema | Missing): JsonSchema | undefined {
  // A list with a schema of its own says what is in it.
  return isObject(list) && list['items'] !== undefined ? (list['items'] as JsonSchema) : undefined
}

/** What the work of a task takes. */
function wantedBy({ work }: AnyTask): JsonSchema | undefined {
  if (work.kind === 'definition') return schemaData(work.definition.input)
  return work.kind === 'tool' ? schemaData(work.tool.input) : undefined
}

/** What a task gives: its own schema, or that of its work. */
function resultOf(task: AnyTask): JsonSchema | undefined {
  const one = schemaData(task.output ?? outputOf(task), 'output')
  if (one === undefined || (task.forEach === undefined && sourceOf(task)?.forEach === undefined)) return one
  // An item that failed leaves null.
  return task.optionalItems === true ? { type: 'array' } : { type: 'array', items: one }
}

function outputOf({ work }: AnyTask): Schema<unknown> | undefined {
  if (work.kind === 'definition') return work.definition.output
  if (work.kind === 'tool') return work.tool.output
  return work.kind === 'signal' ? work.schema : undefined
}

/** A schema as data; undefined where it cannot be told, which is no mistake of the graph. */
function schemaData(schema: Schema<unknown> | undefined, io: 'input' | 'output' = 'input'): JsonSchema | undefined {
  if (schema === undefined || schema === anySchema) return undefined
  try {
    // A JSON Schema is an object of JSON.
    return copyJson(schema.toJSONSchema({ io })).value as JsonObject
  } catch {
    return undefined
  }
}

/** The data of a task that was made of data. */
function sourceOf(task: AnyTask): TaskData | undefined {
  // Only `graphFromData` sets it, to what it has checked.
  return task.source as unknown as TaskData | undefined
}
