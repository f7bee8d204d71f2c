import { defineAgent } from '../../agent/agent.ts'
import type { AnyDefinition } from '../../run/definition.ts'
import type { Tool } from '../../tool/tool.ts'
import type { AgentData } from './graph-data.ts'
import { schemaOfJson } from './json-schema.ts'
import { nearTo } from './near.ts'
import type { GraphRegistry, RegistryFunction } from './registry.ts'

/** Finds what a name means, or tells what is wrong with it. */
export interface Names {
  definition(name: string, wrong: (message: string) => void): AnyDefinition | undefined
  tool(name: string, wrong: (message: string) => void): Tool | undefined
  function(name: string, wrong: (message: string) => void): RegistryFunction | undefined
  /** The same names, and these agents before all others. */
  withAgents(agents: ReadonlyMap<string, AnyDefinition>): Names
}

/** The names of a registry. */
export function namesOf(registry: GraphRegistry, agents: ReadonlyMap<string, AnyDefinition> = new Map()): Names {
  const { definitions = [], functions = {}, tools = [] } = registry
  return {
    definition: (name, wrong) => {
      const found = agents.get(name) ?? definitions.findLast((each) => each.name === name)
      const known = [...agents.keys(), ...definitions.map((each) => each.name)]
      if (found === undefined)
        wrong(`there is no agent, graph or other definition ${JSON.stringify(name)}${nearTo(name, known)}`)
      return found
    },
    tool: (name, wrong) => {
      const found = tools.find((each) => each.name === name)
      const known = tools.map((each) => each.name)
      if (found === undefined) wrong(`there is no tool ${JSON.stringify(name)}${nearTo(name, known)}`)
      return found
    },
    function: (name, wrong) => {
      const found = Object.hasOwn(functions, name) ? functions[name] : undefined
      if (found === undefined)
        wrong(`there is no function ${JSON.stringify(name)}${nearTo(name, Object.keys(functions))}`)
      return found
    },
    withAgents: (more) => namesOf(registry, new Map([...agents, ...more])),
  }
}

/** An agent of a graph: a definition called `graph.agent`, so that two graphs may have one of the same name. */
export function agentFromData(
  graph: string,
  name: string,
  data: AgentData,
  names: Names,
  wrong: (key: string, message: string) => void,
): AnyDefinition | undefined {
  const { tools = [], input, output, ...rest } = data
  const found = tools.map((tool, at) => names.tool(tool, (message) => wrong(`tools[${at}]`, message)))
  const known = found.filter((tool) => tool !== undefined)
  if (known.length < found.length) return undefined
  return defineAgent<unknown, unknown>({
    ...rest,
    name: `${graph}.${name}`,
    tools: known,
    ...(input === undefined ? {} : { input: schemaOfJson(input) }),
    ...(output === undefined ? {} : { output: schemaOfJson(output) }),
  })
}
