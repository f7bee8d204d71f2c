// A plan as a graph as data: to be drawn, kept in a file, and run again without a model.

import type { Json, JsonObject } from '../base/json.ts'
import type { GraphData, TaskData } from '../graph/data/graph-data.ts'
import { findReferences, type ResultReference } from '../tool/references.ts'
import type { Plan, PlannedTask } from './plan.ts'

/**
 * The graph of a plan. Its input is `{ goal, context? }`, its result the answer. What a planner does besides is not in it:
 * judging in words, checks, alternatives, recovery, and writing out results for agents that take a text.
 * @example graphFromData(planToGraphData('report', outcome.plan), { tools, definitions })
 */
export function planToGraphData(name: string, { tasks, answer }: Plan): GraphData {
  return {
    name,
    input: { type: 'object', properties: { goal: { type: 'string' } }, required: ['goal'] },
    tasks: Object.fromEntries(tasks.map((task) => [task.id, taskData(task)])),
    ...(answer === undefined ? {} : { output: `=${path('results', [answer])}` }),
  }
}

function taskData(task: PlannedTask): TaskData {
  const { tool, agent = '', purpose, needs, schema, optional } = task
  return {
    ...(tool === undefined ? { run: agent } : { tool }),
    ...(purpose === undefined ? {} : { description: purpose }),
    ...(needs === undefined ? {} : { needs }),
    input: inputMapping(task),
    ...(schema === undefined ? {} : { output: schema }),
    ...(optional === undefined ? {} : { optional }),
  }
}

function inputMapping({ input, role, needs = [] }: PlannedTask): Json {
  if (input !== undefined || role !== 'aggregator') return mapping(input ?? {}, new Set(findReferences(input)))
  return {
    goal: '=input.goal',
    results: Object.fromEntries(needs.map((need) => [need, `=${path('results', [need])}`])),
  }
}

/** References become expressions; texts that look like expressions are escaped. */
function mapping(value: Json, references: ReadonlySet<unknown>): Json {
  if (typeof value === 'string') return value.startsWith('=') ? `=${value}` : value
  if (typeof value !== 'object' || value === null) return value
  // Found among the references of this input.
  if (references.has(value)) return `=${expression(value as unknown as ResultReference)}`
  if (Array.isArray(value)) return value.map((item: Json) => mapping(item, references))
  const entries = Object.entries(value as JsonObject).map(([key, item]) => [key, mapping(item ?? null, references)])
  return Object.fromEntries(entries) as JsonObject
}

function expression({ $result, path: steps = '' }: ResultReference): string {
  const parts = steps.split('.').filter((part) => part !== '')
  if ($result === 'goal' || $result === 'context') return path('input', [$result, ...parts])
  return path('results', [$result, ...parts])
}

/** A path in CEL: `results.a[0]["b-c"]`. */
function path(root: string, parts: readonly string[]): string {
  return parts.reduce((text, part, at) => {
    if (/^[A-Za-z]\w*$/.test(part) && !reserved.has(part)) return `${text}.${part}`
    // Ids are keys also where they are digits.
    return /^\d+$/.test(part) && at > 0 ? `${text}[${part}]` : `${text}[${JSON.stringify(part)}]`
  }, root)
}

/** Words that CEL does not take behind a dot. */
const reserved: ReadonlySet<string> = new Set(
  'as break const continue else false for function if import in let loop null package namespace return true var void while'.split(
    ' ',
  ),
)
