import { countersCases } from '@meepo/core/testing'
import type { Store } from '@meepo/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgresStore } from './open.ts'
import { startPostgresServer, type PostgresServer } from './testing/server.ts'

let server: PostgresServer
let schemas = 0

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())

// On a real server, with its clock: two handles are what two processes would have.
test.each(countersCases)('$name', async (one) => {
  const schema = `case_${++schemas}`
  const opened: Store[] = []
  const open = async (): Promise<Store['counters']> => {
    const store = await openPostgresStore({ url: server.url, schema })
    opened.push(store)
    return store.counters
  }
  try {
    await one.run({ open, openAgain: open, pass: async (ms) => sleep(ms + 2) })
  } finally {
    for (const store of opened) await store.close()
  }
})

test('closed counters refuse every call', async () => {
  const store = await openPostgresStore({ url: server.url, schema: 'closed' })
  await store.close()
  const { counters } = store
  await expect(counters.take({ id: 'h', ttlMs: 1_000 }, [])).rejects.toMatchObject({ code: 'store.closed' })
  await expect(counters.inspect()).rejects.toMatchObject({ code: 'store.closed' })
})
