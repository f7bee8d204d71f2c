import { countersCases } from '@meepo/core/testing'
import type { Store } from '@meepo/core'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openSqliteStore } from './open.ts'

// On a real file, with the clock of the machine: two handles are what two processes would have.
test.each(countersCases)('$name', async (one) => {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-counters-'))
  const opened: Store[] = []
  const open = async (): Promise<Store['counters']> => {
    const store = await openSqliteStore({ path: join(folder, 'meepo.db') })
    opened.push(store)
    return store.counters
  }
  try {
    await one.run({ open, openAgain: open, pass: async (ms) => sleep(ms + 2) })
  } finally {
    for (const store of opened) await store.close()
    rmSync(folder, { recursive: true })
  }
})

test('closed counters refuse every call', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meepo-counters-'))
  const store = await openSqliteStore({ path: join(folder, 'meepo.db') })
  await store.close()
  const { counters } = store
  const holder = { id: 'h', ttlMs: 1_000 }
  const report = { tallies: [], waiting: [] }
  const calls = [
    () => counters.take(holder, []),
    () => counters.settle([]),
    () => counters.release([]),
    () => counters.learn([]),
    () => counters.beat(holder, report),
    () => counters.leave(holder, report),
    () => counters.inspect(),
  ]
  for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'store.closed' })
  rmSync(folder, { recursive: true })
})
