import { MeepoError } from '../../base/errors.ts'
import { copyJson } from '../../base/json-copy.ts'
import type { Json, JsonObject } from '../../base/json.ts'
import { anySchema, type Schema } from '../../base/schema.ts'
import { defaultRetry } from '../../run/retry.ts'
import { jsonSchemaOf } from '../../tool/json-schema.ts'
import type { Graph } from '../graph.ts'
import type { AnyTask } from '../task.ts'
import type { GraphData, JsonSchema, RollbackData, TaskData, WorkData } from './graph-data.ts'
import type { DataGraph } from './graph-from-data.ts'
import { findSchemaProblems } from './json-schema.ts'
import type { GraphRegistry } from './registry.ts'
import { sourceOf } from './sources.ts'

/**
 * The data of a graph: what {@link graphFromData} was given, or, of a graph of code whose conditions and mappings are
 * `cel` and `mapping` and whose functions the registry names, data that makes the same graph. Throws `graph.not_data`,
 * naming the task, for what only code can say.
 */
export function graphToData(graph: Graph<never, unknown> | Graph, registry: GraphRegistry = {}): GraphData {
  // Both are graphs; what they take does not matter here.
  const any = graph as Graph & Partial<Pick<DataGraph, 'data'>>
  return any.data ?? fromCode(any, registry)
}

function fromCode(
  { name, version, input, limits, graph, makeOutput, reportPartials }: Graph,
  registry: GraphRegistry,
): GraphData {
  const { tasks, maxParallel, pools, onFailure } = graph
  const output = makeOutput && codeData(makeOutput, `graph ${name}: its output`)
  return {
    name,
    ...(version === '1' ? {} : { version }),
    ...(input === anySchema ? {} : { input: schemaData(input, `graph ${name}: its input`) }),
    ...(maxParallel === 100 ? {} : { maxParallel }),
    ...given({ pools, onFailure, limits, output }),
    ...(reportPartials ? { reportPartials } : {}),
    tasks: Object.fromEntries(
      [...tasks].map(([id, task]) => [id, taskData(task, `graph ${name}: task ${id}`, registry)]),
    ),
  }
}

function taskData(task: AnyTask, what: string, registry: GraphRegistry): TaskData {
  // What was data is still there.
  if (task.source !== undefined) return task.source as unknown as TaskData
  const { work: _work, needs, when, input, forEach, repeat, output, onRollback, retry, ...settings } = task
  const until = repeat && { until: text(codeData(repeat.until, `${what}: until`)), maxTimes: repeat.maxTimes }
  const data = {
    ...workData(task, what, registry),
    ...(needs.length > 0 ? { needs } : {}),
    ...given({
      when: when && codeData(when, `${what}: when`),
      input: input && codeData(input, `${what}: input`),
      forEach: forEach && codeData(forEach, `${what}: forEach`),
      repeat: until,
      output: output && schemaData(output, `${what}: output`),
      onRollback: onRollback && rollbackData(onRollback, what, registry),
      retry: retry && changed(retry),
      ...settings,
    }),
  }
  // Copied field by field: TypeScript does not follow the optional ones.
  return data as TaskData
}

function workData({ work }: AnyTask, what: string, registry: GraphRegistry): WorkData {
  switch (work.kind) {
    case 'definition': {
      const { definition } = work
      // A graph of a graph is written where it stands unless the registry knows its name.
      const isKnown = registry.definitions?.some((each) => each.name === definition.name) === true
      return 'graph' in definition && !isKnown
        ? { graph: graphToData(definition as Graph, registry) }
        : { run: definition.name }
    }
    case 'tool':
      return { tool: work.tool.name }
    case 'function':
      return { function: nameOf(work.run, what, registry), ...(work.effect === 'read' ? {} : { effect: work.effect }) }
    case 'signal':
      return { signal: work.name, ...(work.schema ? { schema: schemaData(work.schema, `${what}: schema`) } : {}) }
    case 'timer':
      return { timer: typeof work.ms === 'number' ? work.ms : `=${text(codeData(work.ms, `${what}: timer`))}` }
  }
}

function rollbackData(rollback: object, what: string, registry: GraphRegistry): RollbackData {
  if (typeof rollback === 'function') return { function: nameOf(rollback, `${what}: onRollback`, registry) }
  return { run: (rollback as { readonly name: string }).name }
}

function nameOf(run: object, what: string, { functions = {} }: GraphRegistry): string {
  const found = Object.entries(functions).find(([, each]) => each === run)
  if (found === undefined) throw notData(`${what} runs a function that the registry does not name`)
  return found[0]
}

function codeData(made: object, what: string): Json {
  const source = sourceOf(made)
  if (source === undefined) throw notData(`${what} is code; cel or mapping would make it data`)
  return source
}

/** Conditions are made of texts. */
function text(source: Json): string {
  return source as string
}

function schemaData(schema: Schema<unknown>, what: string): JsonSchema {
  const data = copyJson(jsonSchemaOf(schema, what)).value as JsonObject
  const [problem] = findSchemaProblems(data)
  if (problem !== undefined) throw notData(`${what} has a schema that data cannot say: ${problem.message}`)
  return data
}

function changed(retry: object): JsonObject {
  return Object.fromEntries(
    Object.entries(retry).filter(([key, value]) => defaultRetry[key as keyof typeof defaultRetry] !== value),
  ) as JsonObject
}

function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const there = Object.entries(fields).filter(([, value]) => value !== undefined)
  // The rest is the same without what is undefined.
  return Object.fromEntries(there) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

function notData(problem: string): MeepoError {
  return new MeepoError('graph.not_data', problem)
}
