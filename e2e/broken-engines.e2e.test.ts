// The short form of broken-engines.long.test.ts: it looks at every sixth break.
import { engineCases } from '@meepo/core/testing'
import { beforeAll, expect, test } from 'vitest'
import { build } from './broken-engines/build.ts'
import { breaks } from './broken-engines/breaks.ts'
import { passedInSpiteOf } from './broken-engines/run-broken.ts'

beforeAll(build)

test('a break is known for each case of the engine contract', () => {
  const shown = new Set(breaks.flatMap(({ fails }) => fails))
  expect(engineCases.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual([])
})

test.each(breaks.filter((_, index) => index % 6 === 0))('$what', async (broken) => {
  expect(await passedInSpiteOf(broken)).toEqual([])
})
