import { readdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { extname, join } from 'node:path'
import { MeepoError, type AnyDefinition } from '@meepo/core'
import type { DataGraph, GraphRegistry } from '@meepo/core/graph-data'
import { graphOf, readYaml } from './graph-file.ts'
import type { YamlFile } from './yaml.ts'

const extensions = new Set(['.yaml', '.yml', '.json'])

/** True for the name of a file that may hold a graph. */
export function isGraphFile(name: string): boolean {
  return extensions.has(extname(name))
}

/** `meepo.yaml` and what lies in `workflows/` of a folder, in order of their names. */
export async function findGraphFiles(folder: string): Promise<readonly string[]> {
  const own = ['meepo.yaml', 'meepo.yml'].map((name) => join(folder, name)).filter((path) => existsSync(path))
  const workflows = join(folder, 'workflows')
  if (!existsSync(workflows)) return own
  const entries = await readdir(workflows, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isFile() && isGraphFile(entry.name)).map((entry) => entry.name)
  return [...own, ...names.toSorted().map((name) => join(workflows, name))]
}

/**
 * Makes the graphs of files. They may run each other by name, in whatever order they are given; a circle of them is
 * `graph.cycle`, two of one name are `definition.duplicate`.
 */
export async function loadGraphFiles(
  paths: readonly string[],
  registry: GraphRegistry = {},
): Promise<ReadonlyMap<string, DataGraph>> {
  const files = await Promise.all(paths.map(async (path) => ({ path, yaml: await readYaml(path) })))
  const byName = new Map<string, { readonly path: string; readonly yaml: YamlFile }>()
  for (const file of files) {
    const name = nameOf(file.yaml)
    const other = name === undefined ? undefined : byName.get(name)
    if (other) {
      throw new MeepoError(
        'definition.duplicate',
        `${other.yaml.placeOf('name')} and ${file.yaml.placeOf('name')} are both called ${name}`,
      )
    }
    if (name !== undefined) byName.set(name, file)
  }
  const made = new Map<string, DataGraph>()
  const open: string[] = []
  for (const file of files) make(file)
  return made

  function make({ path, yaml }: { readonly path: string; readonly yaml: YamlFile }): DataGraph {
    const known = made.get(path)
    if (known) return known
    if (open.includes(path)) {
      const circle = [...open.slice(open.indexOf(path)), path].join(' runs ')
      throw new MeepoError('graph.cycle', `files run each other in a circle: ${circle}`)
    }
    open.push(path)
    const used = [...namesRunBy(yaml.data)].flatMap((name) => byName.get(name) ?? []).map(make)
    open.pop()
    const definitions: readonly AnyDefinition[] = [...(registry.definitions ?? []), ...used]
    const graph = graphOf(yaml, { ...registry, definitions })
    made.set(path, graph)
    return graph
  }
}

function nameOf({ data }: YamlFile): string | undefined {
  return isRecord(data) && typeof data['name'] === 'string' ? data['name'] : undefined
}

/** Names of definitions anywhere in a file that was not checked yet. */
function namesRunBy(data: unknown, depth = 0): ReadonlySet<string> {
  const names = new Set<string>()
  if (!isRecord(data) || !isRecord(data['tasks']) || depth > 20) return names
  for (const task of Object.values(data['tasks'])) {
    if (!isRecord(task)) continue
    for (const holder of [task, task['onRollback']])
      if (isRecord(holder) && typeof holder['run'] === 'string') names.add(holder['run'])
    for (const name of namesRunBy(task['graph'], depth + 1)) names.add(name)
  }
  return names
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
