import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { AnyDefinition } from '@meepo/core'
import type { MeepoConfig } from 'meepo'
import type { GraphRegistry } from 'meepo/files'
import { knownDefinitions } from './known-definitions.ts'

/** Where graphs are looked for beside a configuration. */
const places = ['meepo.yaml', 'meepo.yml', 'workflows']

/** A configuration with the graphs that lie beside it. Without any, nothing is loaded for them. */
export async function withGraphFiles(config: MeepoConfig, folder: string): Promise<MeepoConfig> {
  if (!places.some((place) => existsSync(join(folder, place)))) return config
  const { findGraphFiles, loadGraphFiles } = await import('meepo/files')
  const graphs = await loadGraphFiles(await findGraphFiles(folder), registryOf(config))
  return { ...config, definitions: [...config.definitions, ...graphs.values()] }
}

/** What names in files mean: all definitions of a configuration, the tools of its agents, and what it registers. */
export function registryOf({ definitions, registry = {} }: MeepoConfig): GraphRegistry {
  const known = [...knownDefinitions(definitions).values()]
  const tools = new Map([...known.flatMap(toolsOf), ...(registry.tools ?? [])].map((tool) => [tool.name, tool]))
  return { ...registry, definitions: known, tools: [...tools.values()] }
}

type AnyTool = NonNullable<GraphRegistry['tools']>[number]

function toolsOf(definition: AnyDefinition): readonly AnyTool[] {
  // Agents tell their tools.
  return 'tools' in definition && Array.isArray(definition.tools) ? (definition.tools as readonly AnyTool[]) : []
}
