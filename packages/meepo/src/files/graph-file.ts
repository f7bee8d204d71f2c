import { readFile } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import { MeepoError, type ErrorCode, type JsonObject } from '@meepo/core'
import { graphFromData, graphToData, workflowFromData } from '@meepo/core/graph-data'
import type { DataGraph, GraphRegistry } from '@meepo/core/graph-data'
import { stringify } from 'yaml'
import { cronTimes } from '../workflows/cron-times.ts'
import { maxFileBytes, parseYaml, type YamlFile } from './yaml.ts'

/** How a file is told in messages, and what its names mean. */
export interface GraphFileOptions {
  readonly file?: string
  readonly registry?: GraphRegistry
}

/**
 * Makes a graph of YAML or JSON text, which is a workflow. Throws `file.invalid` for what is no YAML, and what {@link graphFromData} throws,
 * with file, line and column of everything that is wrong.
 * @example parseGraphFile('name: greet\ntasks:\n  say: { tool: say, input: { text: =input } }', { registry: { tools: [say] } })
 */
export function parseGraphFile(text: string, { file = 'graph.yaml', registry = {} }: GraphFileOptions = {}): DataGraph {
  const yaml = parseYaml(text, file)
  return graphOf(yaml, registry)
}

/** The same for a file. Throws `input.unreadable` for one that cannot be read. */
export async function readGraphFile(path: string, registry: GraphRegistry = {}): Promise<DataGraph> {
  return graphOf(await readYaml(path), registry)
}

/** Makes the workflow of a parsed file. */
export function graphOf(yaml: YamlFile, registry: GraphRegistry): DataGraph {
  try {
    const graph = graphFromData(yaml.data, registry)
    if (graph.data.schedule) cronTimes(graph.name, graph.data.schedule)
    return workflowFromData(graph)
  } catch (thrown) {
    throw withPlaces(thrown, yaml)
  }
}

/** Parses a file. */
export async function readYaml(path: string): Promise<YamlFile> {
  return parseYaml(await readText(path), shortPath(path))
}

/** A graph as YAML. Throws `graph.not_data`, see {@link graphToData}. */
export function graphToYaml(graph: Parameters<typeof graphToData>[0], registry: GraphRegistry = {}): string {
  return stringify(graphToData(graph, registry), { aliasDuplicateObjects: false, lineWidth: 100 })
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new MeepoError('input.unreadable', `${path} cannot be read (at most ${maxFileBytes} bytes of text)`, {
      cause,
    })
  }
}

/** Relative to where somebody stands, as long as it is below. */
function shortPath(path: string): string {
  const short = relative(process.cwd(), path)
  return short === '' || short.startsWith('..') || isAbsolute(short) ? path : short
}

interface Problem {
  readonly path: string
  readonly message: string
}

/** The same error, each problem of it with its place. */
function withPlaces(thrown: unknown, yaml: YamlFile): unknown {
  if (!MeepoError.is(thrown)) return thrown
  const problems = problemsOf(thrown.details).map(({ path, message }) => ({ place: yaml.placeOf(path), path, message }))
  const lines = problems
    .slice(0, 10)
    .map(({ place, path, message }) => `${place}: ${path === '' ? '' : `${path}: `}${message}`)
  const more = problems.length > lines.length ? `\nand ${problems.length - lines.length} more` : ''
  const { field } = thrown.details ?? {}
  const place = yaml.placeOf(typeof field === 'string' ? field : '')
  const message = lines.length > 0 ? `${lines.join('\n')}${more}` : `${place}: ${thrown.message}`
  // It came with this code from the one catalogue.
  return new MeepoError(thrown.code as ErrorCode, message, { details: { ...thrown.details, problems }, cause: thrown })
}

function problemsOf(details: JsonObject | undefined): readonly Problem[] {
  const problems = details?.['problems']
  // `graphFromData` tells its problems in this form.
  return Array.isArray(problems) ? (problems as unknown as readonly Problem[]) : []
}
