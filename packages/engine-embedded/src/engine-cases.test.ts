import { engineCases } from '@meepo/core/testing'
import { test } from 'vitest'
import { fakeHarness } from './testing/case-context.ts'

for (const one of engineCases) {
  test(`${one.name}`, async () => {
    const { context, close } = await fakeHarness()
    try {
      await one.run(context)
    } finally {
      await close()
    }
  })
}
