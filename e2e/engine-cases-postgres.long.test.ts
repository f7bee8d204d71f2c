import { engineCases } from '@meepo/core/testing'
import { openPostgresStore } from '@meepo/store-postgres'
import { startPostgresServer, type PostgresServer } from '@meepo/store-postgres/testing'
import { afterAll, beforeAll, test } from 'vitest'
import { runCaseOver } from './run-case.ts'

let server: PostgresServer
let schemas = 0

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())

test.each(engineCases)('on PostgreSQL: $name', async (one) => {
  await runCaseOver(await openPostgresStore({ url: server.url, schema: `case_${++schemas}` }), one)
})
