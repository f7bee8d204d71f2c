// Planted bugs replace lines of builds and of sources. When such a line changes, its bug is nowhere: this tells so at once.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { build } from './broken-engines/build.ts'
import { breaks } from './broken-engines/breaks.ts'
import { buildBugs } from './sim/bugs/build-bugs.ts'
import { sourceBugs } from './torture/bugs/source-bugs.ts'

const packages = join(import.meta.dirname, '../packages')

/** What is replaced, by the name of its bug. */
const planted = [
  ...breaks.flatMap(({ what, lines }) => lines.map((line) => ({ name: what, ...line }))),
  ...Object.entries(buildBugs).flatMap(([name, bug]) => (bug.build ?? []).map((line) => ({ name, ...line }))),
  ...sourceBugs.map((line) => ({ name: line.bug, ...line })),
]

beforeAll(build)

test('every line in which a bug is planted is there', () => {
  expect(planted.length).toBeGreaterThan(80)
  const gone = planted.filter(({ file, find }) => !readFileSync(join(packages, file), 'utf8').includes(find))
  expect(gone.map(({ name, file }) => `${name}: ${file}`)).toEqual([])
})
