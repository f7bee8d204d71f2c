// Each case of the engine contract fails on an engine in which one thing is broken.
import { beforeAll, expect, test } from 'vitest'
import { build } from './broken-engines/build.ts'
import { breaks } from './broken-engines/breaks.ts'
import { passedInSpiteOf } from './broken-engines/run-broken.ts'

beforeAll(build)

test.each(breaks)('$what', async (broken) => {
  expect(await passedInSpiteOf(broken)).toEqual([])
})
