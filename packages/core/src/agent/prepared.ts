import { MeepoError } from '../base/errors.ts'
import type { ModelRequest } from '../model/model.ts'
import type { AnyDefinition } from '../run/definition.ts'
import { jsonSchemaOf } from '../tool/json-schema.ts'
import { toolset, type Tool, type Toolset } from '../tool/tool.ts'
import type { Agent } from './agent.ts'
import { handoffTool, type HandoffTool } from './handoff.ts'

/** What all runs of an agent share. */
export interface Prepared {
  readonly tools: Toolset
  /** By the name of the tool that asks for the hand-off. */
  readonly handoffs: ReadonlyMap<string, HandoffTool>
  /** Some tools are runs of their own, whose results no segment counts. */
  readonly hasComposites: boolean
  /** Everything of a request but the messages. */
  readonly request: Omit<ModelRequest, 'messages'>
}

/** Any agent is one of unknown input and output: its functions are only called with what its own schema accepted. */
export function asAny<I, O>(agent: Agent<I, O>): Agent {
  return agent as unknown as Agent
}

const known = new WeakMap<Agent, Prepared>()

/** Works it out when it is first needed: agents that hand off to each other have to know each other by then. */
export function preparedOf(agent: Agent): Prepared {
  let prepared = known.get(agent)
  if (!prepared) known.set(agent, (prepared = prepare(agent)))
  return prepared
}

function prepare(agent: Agent): Prepared {
  const { name, tools, settings, routing, output } = agent
  const handoffs = new Map<string, HandoffTool>()
  for (const target of agent.handoffs()) {
    const tool = handoffTool(target)
    if (handoffs.has(tool.spec.name) || tools.some((other) => other.name === tool.spec.name)) {
      throw new MeepoError('definition.invalid', `agent ${name} has two tools called ${tool.spec.name}`)
    }
    handoffs.set(tool.spec.name, tool)
  }
  const specs = [...tools.map((tool) => tool.spec()), ...[...handoffs.values()].map(({ spec }) => spec)]
  return {
    tools: toolset(tools),
    handoffs,
    hasComposites: tools.some((tool) => definitionsOf(tool).length > 0),
    request: {
      ...(specs.length > 0 ? { tools: specs } : {}),
      ...(settings ? { settings } : {}),
      ...(routing ? { routing } : {}),
      ...(output ? { outputSchema: jsonSchemaOf(output, `the output of agent ${name}`) } : {}),
    },
  }
}

/** The agent and all that it may hand a conversation to, directly or through others; itself first. */
export function reachable(agent: Agent): readonly Agent[] {
  const found = new Set<Agent>([agent])
  for (const one of found) for (const other of one.handoffs()) found.add(other)
  return [...found]
}

/** The definitions that runs of an agent start as children. */
export function childDefinitions(agent: Agent): readonly AnyDefinition[] {
  return reachable(agent).flatMap(({ tools }) => tools.flatMap(definitionsOf))
}

function definitionsOf({ definition, fallback = [] }: Tool): readonly AnyDefinition[] {
  const others = Array.isArray(fallback) ? fallback : [fallback]
  return [...(definition ? [definition] : []), ...others.flatMap(definitionsOf)]
}
