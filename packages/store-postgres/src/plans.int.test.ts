import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connectionOf } from './database/database.ts'
import { openPostgresStore } from './open.ts'
import { fillTables } from './testing/fill-tables.ts'
import { findScans } from './testing/find-scans.ts'
import { readQueries } from './testing/read-queries.ts'
import { startPostgresServer, type PostgresServer } from './testing/server.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())

async function connect(schema: string): Promise<Client> {
  await (await openPostgresStore({ url: server.url, schema })).close()
  const client = new Client(connectionOf({ url: server.url, schema, poolSize: 2, connectTimeoutMs: 5_000 }))
  await client.connect()
  return client
}

// A statement is planned once: what is decided while tables are empty holds when they are full.
describe.each([
  ['empty', 0],
  ['filled', 20_000],
])('over %s tables', (schema, events) => {
  let client: Client
  beforeAll(async () => {
    client = await connect(schema)
    await fillTables(client, events)
  })
  afterAll(() => client.end())

  test.each(readQueries(schema))('$name goes by an index', async ({ text }) => {
    expect(await findScans(client, text)).toEqual([])
  })
})

test('a scan is found, of a table and of an index without a condition', async () => {
  const client = await connect('scans')
  expect(await findScans(client, 'SELECT * FROM runs WHERE version = $1')).toEqual([expect.stringContaining('runs')])
  expect(await findScans(client, 'SELECT * FROM runs WHERE version = $1 ORDER BY id')).toEqual([
    expect.stringContaining('runs_pkey'),
  ])
  expect(await findScans(client, 'SELECT * FROM limit_holders')).toEqual([])
  await client.end()
})
