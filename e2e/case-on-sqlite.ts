import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineCase } from '@meepo/core/testing'
import { realHarness } from '@meepo/engine-embedded/testing'
import { openSqliteStore } from '@meepo/store-sqlite'

/** Runs a case on the embedded engine over a SQLite file of its own. */
export async function runOnSqlite(one: EngineCase): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-engine-'))
  const store = await openSqliteStore({ path: join(folder, 'meepo.db'), durability: 'fast', pollMs: 5 })
  const { context, close } = await realHarness(store)
  try {
    await one.run(context)
  } finally {
    await close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
