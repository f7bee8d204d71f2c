import type { Store } from '@meepo/core'
import type { EngineCase } from '@meepo/core/testing'
import { realHarness } from '@meepo/engine-embedded/testing'

/** Runs a case on the embedded engine over `store`, which is closed behind it. */
export async function runCaseOver(store: Store, one: EngineCase): Promise<void> {
  const { context, close } = await realHarness(store)
  try {
    await one.run(context)
  } finally {
    await close()
    await store.close()
  }
}
