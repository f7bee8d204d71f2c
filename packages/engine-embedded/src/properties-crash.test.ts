// Random programs, crashed at every place of their logs. `npm run properties` tries many more than the unit tests do.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkCrashes } from '../test/crash-check.ts'
import { hasRace, isConcurrent, scenarios } from '../test/program.ts'

const runs = Number(process.env['MEEPO_PROPERTY_RUNS'] ?? 40)
const isLong = process.env['MEEPO_PROPERTY_RUNS'] !== undefined
const seed = Number(process.env['MEEPO_PROPERTY_SEED'] ?? (isLong ? Date.now() % 2 ** 31 : 42))

/** All places in a long run; some of them, spread over the log, else. */
function pick(positions: number): readonly number[] {
  const step = isLong ? 1 : Math.max(1, Math.floor(positions / 5))
  return Array.from({ length: Math.floor((positions - 1) / step) }, (_, index) => 1 + index * step)
}

test(
  'a run that crashes anywhere goes on from its durable log to the same end',
  async () => {
    const told = { programs: 0, concurrent: 0, racing: 0, crashes: 0 }
    await fc.assert(
      fc.asyncProperty(scenarios, fc.boolean(), async (scenario, isEvicted) => {
        const { ops } = scenario.program
        told.programs++
        if (isConcurrent(ops, scenario.program)) told.concurrent++
        if (hasRace(ops, scenario.program)) told.racing++
        told.crashes += await checkCrashes(scenario, isEvicted ? 0 : 60_000, pick)
      }),
      { numRuns: runs, seed, endOnFailure: !isLong },
    )
    console.log(`seed ${seed}: ${JSON.stringify(told)}`)
    expect(told.concurrent / told.programs).toBeGreaterThanOrEqual(0.5)
    expect(told.racing / told.programs).toBeGreaterThanOrEqual(0.2)
  },
  isLong ? 3_600_000 : 60_000,
)
