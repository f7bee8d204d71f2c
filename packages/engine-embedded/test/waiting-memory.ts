// How much memory a waiting run costs: `npm run waiting-memory`. Fails above 2 KB.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { anySchema, define } from '@meepo/core'
import { openSqliteStore } from '@meepo/store-sqlite'
import { createEmbeddedEngine } from '../src/index.ts'

const count = 2_000
const mostBytes = 2_048

const folder = mkdtempSync(join(tmpdir(), 'meepo-waiting-'))
const store = await openSqliteStore({ path: join(folder, 'meepo.db'), durability: 'fast' })
const engine = createEmbeddedEngine({ store, idleMs: 0 })
const waits = define({
  name: 'waits',
  input: anySchema,
  run: async (ctx) => {
    for (let step = 0; step < 20; step++) await ctx.step('work', { effect: 'read' }, async () => 'x'.repeat(200))
    return ctx.signalled('go')
  },
})

async function settle(): Promise<number> {
  for (let round = 0; round < 5; round++) {
    await pause(50)
    globalThis.gc?.()
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

async function start(runs: number): Promise<void> {
  await Promise.all(Array.from({ length: runs }, () => engine.start(waits, null)))
  for (;;) {
    const open = await engine.runs({ status: ['running', 'queued'], limit: 1 })
    if (open.length === 0) return
    await pause(20)
  }
}

await start(200)
const before = await settle()
await start(count)
const bytes = ((await settle()) - before) / count
console.log(`${count} waiting runs with 20 steps each: ${Math.round(bytes)} bytes a run`)
await engine.stop()
await store.close()
rmSync(folder, { recursive: true, force: true })
if (bytes > mostBytes) process.exitCode = 1
