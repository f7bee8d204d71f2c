import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { git } from '../git.ts'
import { Chance } from './chance.ts'
import { decoys, problems, title } from './problems.ts'
import { Source } from './source.ts'
import type { Planted } from './source.ts'

const nouns = ['basket', 'parcel', 'coupon', 'refund', 'ledger', 'courier', 'voucher', 'tariff', 'pallet', 'invoice']

/** How many files the change touches, besides those that cannot be reviewed. */
const changedFiles = 8

/**
 * Makes a small git repository with two commits. The second one brings in every kind of problem at least once, in files
 * that the seed chooses, between code that only looks like a problem. Returns what was planted, and nothing else is wrong.
 */
export async function seedRepository(folder: string, seed: number): Promise<readonly Planted[]> {
  const chance = new Chance(seed)
  const chosen = chance.shuffled(nouns).slice(0, changedFiles)
  const begin = new Map(chosen.map((noun) => [noun, base(noun)]))
  await commit(folder, 'Begin', [
    ...chosen.slice(0, changedFiles / 2).flatMap((noun) => files(begin.get(noun), noun)),
    ['docs/retired.md', 'Nobody reads this.\n'],
  ])

  const sources = chosen.map((noun, at) => changed(noun, at, chance))
  rmSync(join(folder, 'docs/retired.md'))
  await commit(folder, 'Change', [
    ...sources.map(({ source }): [string, string] => [source.path, source.text]),
    ...sources.flatMap(({ source, noun, isTested }) => (isTested ? [testOf(source.path, noun)] : [])),
    ['README.md', '# Shop\n\nTODO lists are in the wiki. The password of the demo is changeme.\n'],
    ['logo.png', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 1])],
  ])
  return sources.flatMap(({ source }) => source.planted)
}

/** The first half was there before; the second half is new, and two of it have no test. */
function changed(noun: string, at: number, chance: Chance): { source: Source; noun: string; isTested: boolean } {
  const isNew = at >= changedFiles / 2
  const isTested = at < changedFiles - 2
  const source = isNew && !isTested ? new Source(pathOf(noun)) : base(noun)
  if (isNew && !isTested) source.plant('missing_test', header(noun)).add(...opening(noun))
  const names = Object.keys(problems)
  // Every kind is planted once, and some of them once more.
  const wanted = [names[at], ...(chance.next(3) === 0 ? [names[chance.next(names.length)]] : [])]
  for (const decoy of chance.shuffled(decoys).slice(0, 2)) decoy(source, noun, chance)
  for (const name of new Set(wanted)) if (name !== undefined) problems[name]?.(source, noun, chance)
  return { source, noun, isTested }
}

function base(noun: string): Source {
  return new Source(pathOf(noun)).add(...header(noun), ...opening(noun))
}

function header(noun: string): string[] {
  return [`// What can be done with a ${noun}.`]
}

function opening(noun: string): string[] {
  return [`export function create${title(noun)}(id) {`, '  return { id, parts: [] }', '}', '']
}

function pathOf(noun: string): string {
  return `src/${noun}.js`
}

function files(source: Source | undefined, noun: string): [string, string][] {
  return source === undefined ? [] : [[source.path, source.text], testOf(source.path, noun)]
}

function testOf(path: string, noun: string): [string, string] {
  const text = [
    `import { create${title(noun)} } from './${noun}.js'`,
    '',
    `test('a ${noun} begins empty', () => {`,
    `  console.log('tests may talk')`,
    `  expect(create${title(noun)}('1').parts).toEqual([])`,
    '})',
    '',
  ]
  return [path.replace(/\.js$/, '.test.js'), text.join('\n')]
}

async function commit(folder: string, message: string, contents: readonly (readonly [string, string | Buffer])[]) {
  for (const [path, content] of contents) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  // The same files make the same commits, wherever and whenever they are made.
  const who = { NAME: 'Sample', EMAIL: 'sample@example.org', DATE: '2026-01-01T00:00:00Z' }
  const env = Object.fromEntries(
    Object.entries(who).flatMap(([key, value]) =>
      [`GIT_AUTHOR_${key}`, `GIT_COMMITTER_${key}`].map((name) => [name, value]),
    ),
  )
  await git(folder, ['init', '--quiet', '--initial-branch=main'])
  await git(folder, ['add', '--all'])
  await git(folder, ['-c', 'commit.gpgSign=false', 'commit', '--quiet', '--message', message], env)
}
