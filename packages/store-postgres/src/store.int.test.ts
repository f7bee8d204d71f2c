import { storeCasesFor } from '@meepo/core/testing'
import type { Store } from '@meepo/core'
import { afterAll, beforeAll, test } from 'vitest'
import { openPostgresStore } from './open.ts'
import { startPostgresServer, type PostgresServer } from './testing/server.ts'

const capabilities = { durable: true, processes: true }
let server: PostgresServer
let schemas = 0

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())

test.each(storeCasesFor(capabilities))('$name', async (one) => {
  const schema = `case_${++schemas}`
  const opened: Store[] = []
  const open = async (): Promise<Store> => {
    const store = await openPostgresStore({ url: server.url, schema, pollMs: 50 })
    opened.push(store)
    return store
  }
  try {
    await one.run({ capabilities, open, openAgain: open })
  } finally {
    for (const store of opened) await store.close()
  }
})
