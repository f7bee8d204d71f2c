import { existsSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { toErrorData, type AnyDefinition } from '@meepo/core'
import type { GraphRegistry } from 'meepo/files'
import { printError } from '../failure.ts'
import { terminal } from '../terminal.ts'
import type { KnownConfig } from './load-config.ts'
import { knownDefinitions } from './known-definitions.ts'

/** Where graphs are looked for beside a configuration. */
const places = ['meepo.yaml', 'meepo.yml', 'workflows']

/**
 * A configuration with the graphs that lie beside it. Without any, nothing is loaded for them. What is wrong is told, save of
 * the file `asked` for, and left out: one typing error stops no schedule of another file.
 */
export async function withGraphFiles(
  config: KnownConfig,
  folder: string,
  asked?: string,
): Promise<{ readonly config: KnownConfig; readonly broken: readonly string[] }> {
  if (!places.some((place) => existsSync(join(folder, place)))) return { config, broken: [] }
  const { findGraphFiles, loadGraphFiles } = await import('meepo/files')
  const broken = new Map<string, unknown>()
  const graphs = await loadGraphFiles(await findGraphFiles(folder), registryOf(config), (error, path) => {
    if (path !== (asked === undefined ? undefined : resolve(asked))) tell(error, path, [...broken.values()])
    broken.set(path, error)
  })
  return { config: { ...config, definitions: [...config.definitions, ...graphs.values()] }, broken: [...broken.keys()] }
}

/** A file that runs a broken one is broken by the same error, and is told of as well. */
function tell(error: unknown, path: string, told: readonly unknown[]): void {
  if (told.includes(error)) terminal.err(`${relative(process.cwd(), path)} is left out for the same reason\n`)
  else printError(terminal, toErrorData(error))
}

/** What names in files mean: all definitions of a configuration, the tools of its agents, and what it registers. */
export function registryOf({ definitions, registry = {} }: KnownConfig): GraphRegistry {
  const known = [...knownDefinitions(definitions).values()]
  const tools = new Map([...known.flatMap(toolsOf), ...(registry.tools ?? [])].map((tool) => [tool.name, tool]))
  return { ...registry, definitions: known, tools: [...tools.values()] }
}

type AnyTool = NonNullable<GraphRegistry['tools']>[number]

function toolsOf(definition: AnyDefinition): readonly AnyTool[] {
  // Agents tell their tools.
  return 'tools' in definition && Array.isArray(definition.tools) ? (definition.tools as readonly AnyTool[]) : []
}
