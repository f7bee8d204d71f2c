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

interface GraphFile {
  readonly path: string
  readonly yaml: YamlFile
}

/**
 * Makes the graphs of files, by path. They may run each other by name, in whatever order they are given; a circle of them is
 * `graph.cycle`, two of one name are `definition.duplicate`. With `onBroken` a file that is wrong is told and left out, and
 * what runs it as well, with the same error; without, it is thrown.
 */
export async function loadGraphFiles(
  paths: readonly string[],
  registry: GraphRegistry = {},
  onBroken: (error: unknown, path: string) => void = rethrow,
): Promise<ReadonlyMap<string, DataGraph>> {
  const byName = new Map<string, GraphFile>()
  const made = new Map<string, DataGraph>()
  /** What is wrong with files, by path: of those that run each other the one that is wrong itself comes first. */
  const broken = new Map<string, unknown>()
  const open: string[] = []
  for (const file of await readFiles(paths, broken)) addName(byName, broken, file)
  for (const file of byName.values()) {
    try {
      make(file)
    } catch (thrown) {
      broken.set(file.path, thrown)
    }
  }
  for (const [path, error] of broken) onBroken(error, path)
  return made

  function make(file: GraphFile): DataGraph {
    const { path } = file
    const known = made.get(path)
    if (known) return known
    if (broken.has(path)) throw broken.get(path)
    if (open.includes(path)) {
      const circle = [...open.slice(open.indexOf(path)), path].join(' runs ')
      throw new MeepoError('graph.cycle', `files run each other in a circle: ${circle}`)
    }
    open.push(path)
    try {
      const graph = makeGraph(file)
      made.set(path, graph)
      return graph
    } catch (thrown) {
      broken.set(path, thrown)
      throw thrown
    } finally {
      open.pop()
    }
  }

  function makeGraph({ yaml }: GraphFile): DataGraph {
    const used = [...namesRunBy(yaml.data)].flatMap((name) => byName.get(name) ?? []).map(make)
    const definitions: readonly AnyDefinition[] = [...(registry.definitions ?? []), ...used]
    return graphOf(yaml, { ...registry, definitions })
  }
}

/** Those that can be read. */
async function readFiles(paths: readonly string[], broken: Map<string, unknown>): Promise<readonly GraphFile[]> {
  const read = await Promise.all(
    paths.map(async (path): Promise<readonly GraphFile[]> => {
      try {
        return [{ path, yaml: await readYaml(path) }]
      } catch (thrown) {
        broken.set(path, thrown)
        return []
      }
    }),
  )
  return read.flat()
}

/** One without a name is wrong in itself: it is told when it is made. */
function addName(byName: Map<string, GraphFile>, broken: Map<string, unknown>, file: GraphFile): void {
  const name = nameOf(file.yaml)
  const other = name === undefined ? undefined : byName.get(name)
  if (!other) byName.set(name ?? file.path, file)
  else {
    const places = `${other.yaml.placeOf('name')} and ${file.yaml.placeOf('name')}`
    broken.set(file.path, new MeepoError('definition.duplicate', `${places} are both called ${name}`))
  }
}

function rethrow(error: unknown): never {
  throw error
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
