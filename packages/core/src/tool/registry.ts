import { MeepoError } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import type { Effect } from '../log/events.ts'
import { jsonSchemaOf } from './json-schema.ts'
import type { Tool, ToolExample } from './tool.ts'

/** A tool as people and models look it up. */
export interface ToolDescription {
  readonly name: string
  readonly version: string
  readonly description: string
  readonly effect: Effect
  readonly tags: readonly string[]
  /** JSON Schemas. */
  readonly input: JsonObject
  readonly output?: JsonObject
  readonly examples: readonly ToolExample[]
}

/** What to look for. All that is given must fit. */
export interface ToolQuery {
  /** Words; each must begin a word of the name, the tags or the description. */
  readonly text?: string
  readonly tags?: readonly string[]
  readonly effect?: Effect
  /** 20 unless said. */
  readonly limit?: number
}

/** Tools by name and version. */
export interface ToolRegistry {
  /** Another one of the same name and version is `definition.invalid`, and so are schemas that JSON Schema cannot say. */
  add(...tools: readonly Tool[]): void
  /** The version that was added last, unless one is asked for. Throws `tool.unknown`. */
  get(name: string, version?: string): Tool
  /** In the order in which they were added. */
  versions(name: string): readonly string[]
  /** The latest version of each tool that fits, best first: words in names count more than in tags, those more than in descriptions. */
  search(query?: ToolQuery): readonly Tool[]
  describe(name: string, version?: string): ToolDescription
}

/** Makes a registry. */
export function createToolRegistry(tools: readonly Tool[] = []): ToolRegistry {
  const byName = new Map<string, Map<string, Tool>>()

  const get = (name: string, version?: string): Tool => {
    const versions = byName.get(name)
    const tool = version === undefined ? [...(versions?.values() ?? [])].at(-1) : versions?.get(version)
    if (tool) return tool
    const what = version === undefined ? name : `${name}@${version}`
    throw new MeepoError('tool.unknown', `there is no tool ${what} in the registry`)
  }
  const add = (tool: Tool): void => {
    describe(tool)
    const versions = byName.get(tool.name) ?? new Map<string, Tool>()
    const version = tool.version ?? '1'
    if (versions.has(version))
      throw new MeepoError('definition.invalid', `there is a tool ${tool.name}@${version} already`)
    versions.set(version, tool)
    byName.set(tool.name, versions)
  }
  for (const tool of tools) add(tool)

  return {
    get,
    add: (...more) => {
      for (const tool of more) add(tool)
    },
    versions: (name) => [...(byName.get(name)?.keys() ?? [])],
    search: ({ text = '', tags = [], effect, limit = 20 } = {}) => {
      const words = wordsOf(text)
      return [...byName.keys()]
        .map((name) => get(name))
        .filter((tool) => tags.every((tag) => tool.tags?.includes(tag)) && (effect ?? tool.effect) === tool.effect)
        .map((tool) => ({ tool, score: scoreOf(tool, words) }))
        .filter(({ score }) => score >= 0)
        .sort((a, b) => b.score - a.score || (a.tool.name < b.tool.name ? -1 : 1))
        .slice(0, limit)
        .map(({ tool }) => tool)
    },
    describe: (name, version) => describe(get(name, version)),
  }
}

function describe(tool: Tool): ToolDescription {
  const { name, description, effect, output, version = '1', tags = [], examples = [] } = tool
  return {
    name,
    version,
    description,
    effect,
    tags,
    examples,
    input: tool.spec().inputSchema,
    ...(output ? { output: jsonSchemaOf(output, `the output of tool ${name}`) } : {}),
  }
}

/** -1 when a word is found nowhere. */
function scoreOf({ name, tags = [], description }: Tool, words: readonly string[]): number {
  const places = [wordsOf(name), tags.flatMap(wordsOf), wordsOf(description)]
  let total = 0
  for (const word of words) {
    const place = places.findIndex((known) => known.some((one) => one.startsWith(word)))
    if (place < 0) return -1
    total += 4 >> place
  }
  return total
}

function wordsOf(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
}
