import { MeepoError } from '@meepo/core'
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type Document,
  type Node,
} from 'yaml'

/** Larger files are no workflows. */
export const maxFileBytes = 1_000_000
/** Aliases save typing; what needs more of them is made to be large. */
const maxAliases = 50

/** What a YAML or JSON file holds. */
export interface YamlFile {
  readonly data: unknown
  /** `file:line:column` of what is at `tasks.load.needs[0]`, or of the nearest thing around it. */
  placeOf(path: string): string
}

/**
 * Reads YAML 1.2 with its core schema, of which JSON is a part: no tags, no merge keys, no key twice, at most 50 aliases.
 * Throws `file.invalid` with file, line and column.
 */
export function parseYaml(text: string, file: string): YamlFile {
  if (Buffer.byteLength(text) > maxFileBytes) throw invalid(file, `it is larger than ${maxFileBytes} bytes`)
  if (isTooDeep(text)) throw invalid(file, 'it is nested too deeply')
  const lines = new LineCounter()
  const document = parse(text, file, lines)
  const [problem] = [...document.errors, ...document.warnings]
  if (problem) {
    // Lines are counted up to the end of the first document only: the problem knows its own.
    const [{ line, col }] = problem.linePos ?? [lines.linePos(problem.pos[0])]
    throw invalid(`${file}:${line}:${col}`, firstLine(problem.message))
  }
  const strange = findStrange(document)
  if (strange) throw invalid(at(startOf(strange.node)), strange.problem)
  return { data: toData(document, file), placeOf: (path) => at(offsetOf(document, path)) }

  function at(offset: number): string {
    const { line, col } = lines.linePos(offset)
    return `${file}:${Math.max(1, line)}:${Math.max(1, col)}`
  }
}

/** Deeper files are made to be deep: the parser takes seconds for them, or overflows its stack. */
const maxDepth = 1_000

/** Counts brackets, and dashes in a row, wherever they stand. */
function isTooDeep(text: string): boolean {
  let depth = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1
    if (depth > maxDepth) return true
    if (depth < 0) depth = 0
  }
  return /(?:[-?:] ){200}/.test(text)
}

/** The first line says it; the rest shows the place, or names functions of the parser. */
function firstLine(message: string): string {
  return message.replace(/(?:; please use| at line \d+, column \d+|\n)[^]*$/, '')
}

function parse(text: string, file: string, lineCounter: LineCounter): Document.Parsed {
  try {
    return parseDocument(text, {
      version: '1.2',
      schema: 'core',
      strict: true,
      stringKeys: true,
      uniqueKeys: true,
      resolveKnownTags: false,
      merge: false,
      prettyErrors: true,
      // Without it a second document would go unnoticed; nothing is printed here.
      logLevel: 'error',
      lineCounter,
    })
  } catch (cause) {
    // Brackets without end overflow the stack of the parser.
    throw invalid(file, 'it is nested too deeply', cause)
  }
}

/** A tag, or an alias of nothing. */
function findStrange(document: Document.Parsed): { readonly node: Node; readonly problem: string } | undefined {
  let found: { readonly node: Node; readonly problem: string } | undefined
  visit(document, {
    Node: (_key, node) => {
      if (isAlias(node)) {
        if (node.resolve(document) === undefined) found = { node, problem: `there is no anchor ${node.source}` }
      } else if (node.tag !== undefined) {
        // Only a tag that was written is there.
        found = { node, problem: `there are no tags here, as ${node.tag}` }
      }
      return found === undefined ? undefined : visit.BREAK
    },
  })
  return found
}

function toData(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: maxAliases })
  } catch (cause) {
    const reason =
      cause instanceof ReferenceError ? `it uses more than ${maxAliases} aliases` : 'it is nested too deeply'
    throw invalid(file, reason, cause)
  }
}

/** Follows a path as far as it goes. Keys may hold dots: the longest one that fits is taken. */
function offsetOf(document: Document.Parsed, path: string): number {
  let node: unknown = document.contents
  let rest = path
  let offset = startOf(node)
  while (rest !== '') {
    const next = isSeq(node) ? itemOf(node.items, rest) : isMap(node) ? entryOf(node.items, rest) : undefined
    if (next === undefined) break
    offset = next.offset ?? offset
    node = next.value
    rest = next.rest
  }
  return offset
}

interface Found {
  readonly value: unknown
  readonly offset: number | undefined
  readonly rest: string
}

function itemOf(items: readonly unknown[], rest: string): Found | undefined {
  const [all, index] = /^\[(\d+)\]\.?/.exec(rest) ?? []
  const value = all === undefined ? undefined : items[Number(index)]
  return value === undefined ? undefined : { value, offset: startOf(value), rest: rest.slice(all?.length) }
}

function entryOf(
  items: readonly { readonly key: unknown; readonly value: unknown }[],
  rest: string,
): Found | undefined {
  const fitting = items.flatMap(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : ''
    const after = rest.slice(name.length)
    return rest.startsWith(name) && name !== '' && /^(?:$|\.|\[)/.test(after) ? [{ name, key, value, after }] : []
  })
  const longest = fitting.toSorted((a, b) => b.name.length - a.name.length)[0]
  return longest && { value: longest.value, offset: startOf(longest.key), rest: longest.after.replace(/^\./, '') }
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}

function invalid(place: string, problem: string, cause?: unknown): MeepoError {
  return new MeepoError('file.invalid', `${place}: ${problem}`, cause === undefined ? {} : { cause })
}
