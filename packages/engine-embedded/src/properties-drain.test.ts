// Random programs whose engine stops in the middle. `npm run properties` tries many more than the unit tests do.

import fc from 'fast-check'
import { test } from 'vitest'
import { checkDrain } from '../test/crash-check.ts'
import { scenarios } from '../test/program.ts'

const isLong = process.env['MEEPO_PROPERTY_RUNS'] !== undefined
const runs = Number(process.env['MEEPO_PROPERTY_RUNS'] ?? 80)
const seed = Number(process.env['MEEPO_PROPERTY_SEED'] ?? (isLong ? Date.now() % 2 ** 31 : 42))

test(
  'a run whose engine stops in the middle goes on in another, with nothing unknown and nothing done twice',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        scenarios,
        fc.boolean(),
        fc.constantFrom(0, 1, 3, 6, 9, 12, 20, 41),
        (scenario, isEvicted, stopAfterMs) => checkDrain(scenario, isEvicted ? 0 : 60_000, stopAfterMs),
      ),
      { numRuns: runs, seed, endOnFailure: !isLong },
    )
  },
  isLong ? 3_600_000 : 60_000,
)
