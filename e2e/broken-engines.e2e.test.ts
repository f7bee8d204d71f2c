// Each case of the engine contract fails on an engine in which one thing is broken.
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { engineCases } from '@meepo/core/testing'
import { beforeAll, expect, test } from 'vitest'
import { breaks } from './broken-engines/breaks.ts'
import { passedInSpiteOf } from './broken-engines/run-broken.ts'

const root = join(import.meta.dirname, '..')

beforeAll(() => {
  execFileSync(process.execPath, [join(root, 'node_modules/.bin/tsc'), '-b', join(root, 'tsconfig.build.json')])
})

test('every case is shown to fail', () => {
  const shown = new Set(breaks.flatMap(({ fails }) => fails))
  expect(engineCases.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([])
})

test.each(breaks)('$what', async (broken) => {
  expect(await passedInSpiteOf(broken)).toEqual([])
})
