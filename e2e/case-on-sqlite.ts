import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineCase } from '@meepo/core/testing'
import { openSqliteStore } from '@meepo/store-sqlite'
import { runCaseOver } from './run-case.ts'

/** Runs a case on the embedded engine over a SQLite file of its own. */
export async function runOnSqlite(one: EngineCase): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-engine-'))
  try {
    await runCaseOver(await openSqliteStore({ path: join(folder, 'meepo.db'), durability: 'fast', pollMs: 5 }), one)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
