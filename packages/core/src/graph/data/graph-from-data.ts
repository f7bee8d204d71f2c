import { MeepoError } from '../../base/errors.ts'
import { copyJson } from '../../base/json-copy.ts'
import type { Json } from '../../base/json.ts'
import type { AnyDefinition } from '../../run/definition.ts'
import { askedLimits } from '../../engine/asked-limits.ts'
import { defineGraph, type Graph, type GraphOptions } from '../graph.ts'
import type { GrowTasks } from '../prepare.ts'
import type { AnyTask } from '../task.ts'
import type { TaskView } from '../task-view.ts'
import { analyzeGraph } from '../analysis/analyze.ts'
import { estimateGraph, refuseOverBudget } from '../analysis/estimate.ts'
import { parseDollars } from '../../cost/money.ts'
import { earlierIn } from './earlier.ts'
import { graphDataJsonSchema, workKeys } from './format.ts'
import type { GraphData, TaskData } from './graph-data.ts'
import { checkJson, findSchemaProblems, isObject, schemaOfJson } from './json-schema.ts'
import { compileMapping } from './mapping.ts'
import { agentFromData, namesOf, type Names } from './names.ts'
import { nearTo } from './near.ts'
import { dataError, pathText, type DataProblem } from './problems.ts'
import type { GraphRegistry } from './registry.ts'
import { madeOf } from './sources.ts'
import { problemOf, taskFromData, type Workshop } from './task-from-data.ts'

/** A graph that was made of data, and the data. */
export interface DataGraph extends Graph {
  readonly data: GraphData
}

/** How strictly data is looked at. */
export interface GraphFromDataOptions {
  /** A task whose input can never fit is left for its run to fail. */
  readonly allowsMismatch?: boolean
}

/**
 * Makes a graph of data; what it names comes from the registry. Throws `graph.invalid`, `graph.cycle` or
 * `expression.invalid`, naming the path of all that is wrong, before anything runs: inputs that can never fit who takes them
 * are wrong as well. {@link loadExpressions} must have resolved.
 * @example
 * graphFromData({ name: 'greet', tasks: { say: { tool: 'say', input: { text: '=input.name' } } } }, { tools: [say] })
 */
export function graphFromData(
  data: unknown,
  registry: GraphRegistry = {},
  { allowsMismatch = false }: GraphFromDataOptions = {},
): DataGraph {
  const checked = parseGraphData(data)
  const problems: DataProblem[] = []
  const graph = makeGraph(checked, namesOf(registry), registry.definitions ?? [], '', problems, allowsMismatch)
  if (graph === undefined || problems.length > 0) throw dataError(checked.name, problems)
  // What its tasks expect is over its budget: no run of it could end.
  if (checked.budget !== undefined) refuseOverBudget(checked.name, estimateGraph(graph), parseDollars(checked.budget))
  return { ...graph, data: checked }
}

/** The data if it has the shape of a graph; throws `graph.invalid` with all that is wrong. Names mean nothing yet. */
export function parseGraphData(data: unknown): GraphData {
  const name = nameIn(data)
  // What JSON cannot hold, a circle above all, would not come back from a file.
  const json = copyOf(data, name)
  const problems = checkJson(graphDataJsonSchema, json).map(({ path, message }): DataProblem => {
    const at = pathText(path)
    return { path: at, message: betterMessage(json, path, message), code: 'graph.invalid' }
  })
  if (problems.length > 0) throw dataError(name, problems)
  // It is as the schema of the format says.
  return json as unknown as GraphData
}

function copyOf(data: unknown, name: string): Json {
  try {
    return copyJson(data).value
  } catch (cause) {
    const message = MeepoError.is(cause) ? cause.message : 'it is no JSON'
    throw new MeepoError('graph.invalid', `graph ${name}: ${message}`, { cause })
  }
}

function nameIn(data: unknown): string {
  return isObject(data) && typeof data['name'] === 'string' && data['name'] !== ''
    ? data['name'].slice(0, 100)
    : '(unnamed)'
}

/** `oneOf` says how many forms fit; people want to know which keys there are. */
function betterMessage(json: Json, path: readonly PropertyKey[], message: string): string {
  if (!message.startsWith('it fits')) return message
  const part = path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)[key], json)
  const given = isObject(part) ? workKeys.filter((key) => part[key] !== undefined) : []
  if (path.at(-2) !== 'tasks') return message
  return given.length > 1
    ? `it has ${given.join(' and ')}, and a task does one thing`
    : `expected one of ${workKeys.join(', ')}`
}

/** What makes a workflow of a graph. */
const workflowKeys = ['schedule', 'retention', 'priority', 'deadlineMs'] as const

function makeGraph(
  data: GraphData,
  outerNames: Names,
  definitions: readonly AnyDefinition[],
  at: string,
  problems: DataProblem[],
  allowsMismatch: boolean,
): Graph | undefined {
  const path = (rest: string): string => (at === '' ? rest : `${at}.${rest}`)
  const wrong = (key: string, message: string): void =>
    void problems.push({ path: path(key), message, code: 'graph.invalid' })
  const before = problems.length
  const names = outerNames.withAgents(agentsOf())
  const ids = Object.keys(data.tasks)
  checkNeeds()
  if (at !== '')
    for (const key of workflowKeys) if (data[key] !== undefined) wrong(key, 'only the outermost graph has one')
  const workshop: Workshop = { names, problems, ids, isEarlier: earlierIn(data.tasks), subGraph }
  const tasks = tasksFrom(data.tasks, path('tasks'), workshop)
  const options = { ...inputOf(), ...outputOf() }
  if (problems.length > before) return undefined
  const made = defined(() =>
    defineGraph<unknown, Record<string, AnyTask>, unknown>({
      ...settingsOf(),
      ...options,
      tasks,
      growth,
      uses: [...definitions],
    }),
  )
  if (made !== undefined && !allowsMismatch) refuseMismatches(made)
  return made

  function refuseMismatches(graph: Graph): void {
    for (const { severity, task, key, message } of analyzeGraph(graph))
      if (severity === 'error') wrong(pathText(['tasks', task, ...(key === undefined ? [] : [key])]), message)
  }

  function subGraph(inner: GraphData, innerPath: string): Graph | undefined {
    return makeGraph(inner, names, definitions, innerPath, problems, allowsMismatch)
  }

  function agentsOf(): ReadonlyMap<string, AnyDefinition> {
    const agents = new Map<string, AnyDefinition>()
    for (const [name, agent] of Object.entries(data.agents ?? {})) {
      const inAgent = (key: string, message: string): void => wrong(`agents.${name}.${key}`, message)
      checkSchema(`agents.${name}.input`, agent.input)
      checkSchema(`agents.${name}.output`, agent.output)
      const made = defined(() => agentFromData(data.name, name, agent, outerNames, inAgent), `agents.${name}`)
      if (made !== undefined) agents.set(name, made)
    }
    return agents
  }

  function checkNeeds(): void {
    for (const [id, { needs = [] }] of Object.entries(data.tasks)) {
      for (const [index, need] of needs.entries()) {
        if (!ids.includes(need)) wrong(`tasks.${id}.needs[${index}]`, `there is no task ${need}${nearTo(need, ids)}`)
      }
    }
  }

  function checkSchema(key: string, schema: GraphData['input']): boolean {
    const issues = schema === undefined ? [] : findSchemaProblems(schema)
    for (const issue of issues) wrong(pathText([key, ...issue.path]), issue.message)
    return issues.length === 0
  }

  function inputOf(): { readonly input?: ReturnType<typeof schemaOfJson> } {
    return data.input !== undefined && checkSchema('input', data.input) ? { input: schemaOfJson(data.input) } : {}
  }

  function outputOf(): Pick<GraphOptions<unknown, Record<string, AnyTask>, unknown>, 'output'> {
    if (data.output === undefined) return {}
    const compiled = compileMapping(data.output, 'output', path('output'), (place, thrown) =>
      problems.push(problemOf(place, thrown)),
    )
    for (const { tasks: read } of compiled.expressions)
      for (const task of read) if (!ids.includes(task)) wrong('output', `there is no task ${task}${nearTo(task, ids)}`)
    return { output: madeOf((_results: unknown, view: TaskView<unknown>) => compiled.make(view), data.output) }
  }

  function settingsOf(): Pick<
    GraphData,
    'name' | 'version' | 'maxParallel' | 'pools' | 'onFailure' | 'reportPartials'
  > &
    object {
    const { name, version, maxParallel, pools, onFailure, reportPartials, budget, limits } = data
    const asked = defined(() => askedLimits({ budget, limits }), 'budget')
    const settings = {
      version,
      maxParallel,
      pools,
      onFailure,
      reportPartials,
      limits: (budget ?? limits) ? asked : undefined,
    }
    const given = Object.entries(settings).filter(([, value]) => value !== undefined)
    return { name, ...Object.fromEntries(given) }
  }

  /** What the code form refuses is wrong with the data. */
  function defined<T>(make: () => T, key = ''): T | undefined {
    try {
      return make()
    } catch (thrown) {
      if (MeepoError.is(thrown) && thrown.code === 'graph.cycle') throw thrown
      const message = problemOf('', thrown)
      problems.push({
        ...message,
        path: key === '' ? at : path(key),
        message: message.message.replace(`graph ${data.name}: `, ''),
      })
      return undefined
    }
  }

  /** Tasks that come later are data as well; what they may read is not known here. */
  function growth(more: Parameters<GrowTasks>[0]): ReturnType<GrowTasks> {
    const grown = { name: data.name, tasks: more }
    const issues = parseGraphData(grown).tasks
    const found: DataProblem[] = []
    const made = tasksFrom(issues, 'tasks', { ...workshop, problems: found, isEarlier: () => true })
    if (found.length > 0) throw dataError(data.name, found)
    return made
  }
}

function tasksFrom(
  tasks: Readonly<Record<string, TaskData>>,
  path: string,
  workshop: Workshop,
): Record<string, AnyTask> {
  const made = Object.entries(tasks).map(
    ([id, each]) => [id, taskFromData(id, each, `${path}.${id}`, workshop)] as const,
  )
  return Object.fromEntries(made.flatMap(([id, task]) => (task === undefined ? [] : [[id, task]])))
}
