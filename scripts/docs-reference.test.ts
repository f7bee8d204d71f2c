// Compares the reference pages with the code they are about.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { eventVersions } from '@meepo/core'
import { expect, test } from 'vitest'
import { createProgram } from '../apps/cli/src/program.ts'
import { readPages } from './docs-pages.ts'
import { readFields } from './docs-types.ts'
import { readJson } from './workspaces.ts'

const root = join(import.meta.dirname, '..')
const pages = readPages(root)

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Rows of all tables of a page whose header begins with `first`, as their cells. */
function rows(path: string, first: string): readonly (readonly string[])[] {
  const found: string[][] = []
  let isWanted = false
  for (const line of read(path).split('\n')) {
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
    if (cells.length === 0) isWanted = false
    else if (cells[0] === first) isWanted = true
    else if (isWanted && !/^-+$/.test(cells[0] ?? '')) found.push(cells)
  }
  return found
}

function quoted(cell: string | undefined): string[] {
  return [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
}

/** Type and fields of each row. */
function documented(path: string): Record<string, string[]> {
  return Object.fromEntries(rows(path, 'type').map(([type, fields]) => [quoted(type)[0], quoted(fields).toSorted()]))
}

test('events.md tells every event type with exactly its fields', () => {
  const fields = readFields(read('packages/core/src/log/events.ts'), 'EventData')
  expect(Object.keys(fields).toSorted()).toEqual(Object.keys(eventVersions.newest).toSorted())
  expect(documented('docs/reference/events.md')).toEqual(fields)
})

test('stream.md tells every type of stream event with exactly its fields', () => {
  const fields = readFields(read('packages/core/src/engine/engine.ts'), 'StreamBody')
  expect(Object.keys(fields)).toContain('tool.finished')
  expect(documented('docs/reference/stream.md')).toEqual(fields)
})

test.each(['docs/reference/events.md', 'docs/reference/stream.md'])('%s explains every field once', (path) => {
  const used = new Set(
    Object.values(documented(path))
      .flat()
      .map((field) => field.replace('?', '')),
  )
  const explained = rows(path, 'field').flatMap(([names]) => quoted(names))
  expect(explained.toSorted()).toEqual([...used].toSorted())
})

/** What a map says that the code does not have. */
function missing(path: string, name: string): string[] {
  if (!existsSync(join(root, path))) return [`${path} does not exist`]
  return read(path).includes(name) ? [] : [`${path} has no ${name}`]
}

test('every answer of map.md is there', () => {
  const answers = rows('docs/reference/map.md', 'question')
  expect(answers.length).toBeGreaterThanOrEqual(20)
  expect(answers.flatMap(([, file, name]) => missing(quoted(file)[0] ?? '', quoted(name)[0] ?? ''))).toEqual([])
})

test('canary: a file or a name that went away is told', () => {
  expect(missing('packages/core/src/gone.ts', 'x')).toEqual(['packages/core/src/gone.ts does not exist'])
  expect(missing('scripts/gates.ts', 'noSuchName')).toEqual(['scripts/gates.ts has no noSuchName'])
})

test('every number of limits.md is in the code', () => {
  const limits = rows('docs/reference/limits.md', 'limit')
  expect(limits.length).toBeGreaterThan(10)
  expect(
    limits.flatMap(([, , , code]) => {
      const [path = '', text = ''] = quoted(code)
      return missing(path, text)
    }),
  ).toEqual([])
})

test('links between pages lead somewhere', () => {
  const files = [...pages, ...globSync('*.md', { cwd: root }).map((path) => ({ path, text: read(path) }))]
  const broken = files.flatMap(({ path, text }) =>
    [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(path), target)))
      .map((target) => `${path}: ${target}`),
  )
  expect(broken).toEqual([])
})

test('every page is reached from the index', () => {
  const index = read('docs/README.md')
  const lost = pages
    .map(({ path }) => path)
    .filter((path) => path.startsWith('docs/') && path !== 'docs/README.md')
    .filter((path) => !index.includes(`(${relative('docs', path)})`))
  expect(lost).toEqual([])
})

/** Commands in code of any kind: in blocks and in running text. */
function mentioned(pattern: RegExp): readonly { path: string; words: readonly string[] }[] {
  return pages.flatMap(({ path, text }) =>
    [...text.matchAll(pattern)].map(([, words = '']) => ({ path, words: words.trim().split(/\s+/) })),
  )
}

test('every npm script that a page mentions exists', () => {
  const { scripts } = readJson<{ scripts: Record<string, string> }>(join(root, 'package.json'))
  const found = mentioned(/\bnpm (?:run )((?:--silent )?[\w:-]+)/g)
  expect(found.length).toBeGreaterThan(3)
  expect(found.filter(({ words }) => scripts[words.at(-1) ?? ''] === undefined)).toEqual([])
})

test('every command and option of meepo that a page mentions exists', () => {
  const commands = new Map(createProgram().commands.map((command) => [command.name(), command]))
  const found = mentioned(/\bnpx meepo ([^`\n#]*)/g)
  expect(found.length).toBeGreaterThan(5)
  const wrong = found.filter(({ words }) => {
    const first = commands.get(words[0] ?? '')
    const command = first?.commands.find((below) => below.name() === words[1]) ?? first
    const options = words.filter((word) => word.startsWith('--')).map((word) => word.replace(/=.*/, ''))
    return command === undefined || !options.every((option) => command.options.some(({ long }) => long === option))
  })
  expect(wrong).toEqual([])
})
