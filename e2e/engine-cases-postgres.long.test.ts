import { engineCases } from '@meepo/core/testing'
import { realHarness } from '@meepo/engine-embedded/testing'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer, type PostgresServer } from '@meepo/store-postgres/testing'
import { afterAll, beforeAll, test } from 'vitest'

let server: PostgresServer
let schemas = 0

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())

for (const one of engineCases) {
  test(`on PostgreSQL: ${one.name}`, async () => {
    const store = await openPostgresStore({ url: server.url, schema: `case_${++schemas}` })
    const { context, close } = await realHarness(store)
    try {
      await one.run(context)
    } finally {
      await close()
      await store.close()
    }
  })
}
