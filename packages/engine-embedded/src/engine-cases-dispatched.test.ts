import { engineCases } from '@meepo/core/testing'
import { test } from 'vitest'
import { fakeHarness } from './testing/case-context.ts'
import { buildRoads } from '../test/roads.ts'

for (const one of engineCases) {
  test(`brought late and twice: ${one.name}`, async () => {
    const { context, close } = await fakeHarness((machine) => buildRoads(machine, { doubles: true }).open)
    try {
      await one.run(context)
    } finally {
      await close()
    }
  })
}
