// Who can do the tasks of a plan: the catalogue that the model chooses from, and nobody else.

import { MeepoError } from '../base/errors.ts'
import type { Json, JsonObject } from '../base/json.ts'
import type { Schema } from '../base/schema.ts'
import type { TaskExpectation } from '../graph/task.ts'
import type { Effect } from '../log/events.ts'
import type { AnyDefinition } from '../run/definition.ts'
import { isOnce } from '../run/retry.ts'
import { jsonSchemaOf } from '../tool/json-schema.ts'
import { toolset, type Tool, type Toolset } from '../tool/tool.ts'

/** An agent, a graph, or anything else that can be run. */
export type PlannedDefinition = AnyDefinition & {
  /** What it is good for; told to the model. */
  readonly description?: string
}

/** Somebody who can do a task. */
export type Worker = {
  readonly name: string
  readonly input: Schema<unknown>
  readonly inputSchema: JsonObject
  readonly effect: Effect
  readonly expects: TaskExpectation
  /** Its input is a text: whatever else it is given is written out. */
  readonly takesText: boolean
} & (
  | { readonly kind: 'tool'; readonly tool: Tool }
  | { readonly kind: 'agent'; readonly definition: PlannedDefinition }
)

/** Everybody that a planner may give work to. */
export interface Workers {
  readonly tools: ReadonlyMap<string, Worker>
  readonly agents: ReadonlyMap<string, Worker>
  /** The tools as calls find them. */
  readonly toolset: Toolset
}

/** What is likely to be spent on a task, by the name of its tool or agent. */
export type Expectations = Readonly<Record<string, TaskExpectation>>

/** Makes the catalogue. Throws `definition.invalid` for two of one name, and for an input that no JSON Schema tells. */
export function makeWorkers(
  tools: readonly Tool[],
  agents: readonly PlannedDefinition[],
  expects: Expectations,
): Workers {
  const byTool = new Map<string, Worker>()
  for (const tool of tools) byTool.set(tool.name, toolWorker(tool, expects[tool.name]))
  const byAgent = new Map<string, Worker>()
  for (const definition of agents) {
    const { name } = definition
    if (byAgent.has(name)) throw new MeepoError('definition.invalid', `two agents of a planner are called ${name}`)
    byAgent.set(name, agentWorker(definition, expects[name]))
  }
  const strange = Object.keys(expects).find((name) => !byTool.has(name) && !byAgent.has(name))
  if (strange !== undefined)
    throw new MeepoError('definition.invalid', `a planner expects something of ${strange}, which it does not have`)
  return { tools: byTool, agents: byAgent, toolset: toolset(tools) }
}

/** Who does a task, if there is such a one. */
export function findWorker(
  workers: Workers,
  task: { readonly tool?: string; readonly agent?: string },
): Worker | undefined {
  if (task.tool !== undefined) return workers.tools.get(task.tool)
  return task.agent === undefined ? undefined : workers.agents.get(task.agent)
}

/** Finds a tool or an agent, tools first. */
export function findByName({ tools, agents }: Workers, name: string): Worker | undefined {
  return tools.get(name) ?? agents.get(name)
}

function toolWorker(tool: Tool, expects: TaskExpectation | undefined): Worker {
  const { name, input, effect, price } = tool
  return {
    kind: 'tool',
    tool,
    name,
    input,
    effect,
    inputSchema: tool.spec().inputSchema,
    takesText: false,
    expects: { ...(price === undefined ? {} : { dollars: Number(String(price).replace('$', '')) }), ...expects },
  }
}

function agentWorker(definition: PlannedDefinition, expects: TaskExpectation = {}): Worker {
  const { name, input } = definition
  return {
    kind: 'agent',
    definition,
    name,
    input,
    effect: effectOf(definition),
    inputSchema: jsonSchemaOf(input, `the input of ${name}`),
    takesText: input.safeParse('text').success,
    expects,
  }
}

/** Whoever can do what must not happen twice may have done it when it fails. */
function effectOf(definition: PlannedDefinition): Effect {
  const seen = new Set<AnyDefinition>([definition])
  // The set grows while it is read.
  for (const one of seen) {
    const { tools = [] } = one as { readonly tools?: readonly Tool[] }
    if (tools.some(({ effect }) => isOnce(effect))) return 'once'
    for (const used of one.uses ?? []) seen.add(used)
  }
  return 'idempotent'
}

/** The catalogue as the model sees it. */
export function describeWorkers({ tools, agents }: Workers): Json {
  return {
    tools: [...tools.values()].map((worker) => describe(worker)),
    agents: [...agents.values()].map((worker) => describe(worker)),
  }
}

function describe(worker: Worker): JsonObject {
  const { name, inputSchema, expects } = worker
  const { description = '', output } = worker.kind === 'tool' ? worker.tool : worker.definition
  const result = output ? schemaOf(output) : undefined
  return {
    name,
    description,
    input: inputSchema,
    ...(worker.kind === 'tool' ? { effect: worker.effect } : {}),
    ...(result ? { result } : {}),
    ...(Object.keys(expects).length > 0 ? { expects: { ...expects } } : {}),
  }
}

/** Some outputs cannot be told in JSON Schema: then the model knows no fields of the result, and may refer to all of it. */
function schemaOf(output: Schema<unknown>): JsonObject | undefined {
  try {
    return jsonSchemaOf(output, 'a result')
  } catch {
    return undefined
  }
}

/** The definitions that tasks run as children. */
export function childrenOf({ tools, agents }: Workers): readonly AnyDefinition[] {
  const found = new Set<AnyDefinition>()
  for (const worker of agents.values()) if (worker.kind === 'agent') found.add(worker.definition)
  for (const worker of tools.values()) if (worker.kind === 'tool') addDefinitions(worker.tool, found)
  return [...found]
}

function addDefinitions({ definition, fallback = [] }: Tool, found: Set<AnyDefinition>): void {
  if (definition) found.add(definition)
  for (const other of [fallback].flat()) addDefinitions(other, found)
}
