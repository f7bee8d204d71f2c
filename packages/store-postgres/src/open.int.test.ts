import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgresStore } from './open.ts'
import { migrations } from './schema/migrate.ts'
import { startPostgresServer, type PostgresServer } from './testing/server.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())

test('an address that is none of PostgreSQL is refused, and its password not repeated', async () => {
  for (const url of ['', 'mysql://root:secret@localhost/x', '.meepo/meepo.db']) {
    const refused = openPostgresStore({ url })
    await expect(refused).rejects.toMatchObject({ code: 'config.invalid' })
    await expect(refused).rejects.not.toThrow('secret')
  }
})

test('names and pools that cannot be are refused', async () => {
  const { url } = server
  for (const schema of ['', 'Upper', 'a-b', 'a; drop', 'pg_mine', 'x'.repeat(64)]) {
    await expect(openPostgresStore({ url, schema })).rejects.toMatchObject({ code: 'config.invalid' })
  }
  for (const poolSize of [0, 1, 2.5]) {
    await expect(openPostgresStore({ url, poolSize })).rejects.toMatchObject({ code: 'config.invalid' })
  }
})

test('a server that is not there is worth another try', async () => {
  const refused = openPostgresStore({ url: 'postgres://meepo@127.0.0.1:1/postgres' })
  await expect(refused).rejects.toMatchObject({ code: 'store.failed', retryable: true })
})

test('a wrong password and a database that is not there are refused', async () => {
  const wrong = openPostgresStore({ url: server.url.replace('secret', 'wrong') })
  await expect(wrong).rejects.toMatchObject({ code: 'store.not_writable', retryable: false })
  const missing = openPostgresStore({ url: server.url.replace('/postgres', '/missing') })
  await expect(missing).rejects.toMatchObject({ code: 'store.not_writable', retryable: false })
})

test('the smallest pool does everything', async () => {
  const store = await openPostgresStore({ url: server.url, schema: 'small', poolSize: 2 })
  await Promise.all(Array.from({ length: 20 }, (_, index) => store.leases.join(`e-${index}`)))
  expect(await store.leases.engines()).toHaveLength(20)
  await store.close()
})

test('the pool tells how many connections are at work, and how long they are waited for', async () => {
  const store = await openPostgresStore({ url: server.url, schema: 'pool', poolSize: 2 })
  const joins = Promise.all(Array.from({ length: 20 }, (_, index) => store.leases.join(`e-${index}`)))
  expect(store.pool()).toMatchObject({ size: 2, inUse: 2, waiting: 18 })
  await joins
  const { waitedMs, longestWaitMs, ...stats } = store.pool()
  expect(stats).toEqual({ size: 2, open: 2, inUse: 0, waiting: 0, requests: 20 })
  expect(longestWaitMs).toBeGreaterThan(0)
  expect(waitedMs).toBeGreaterThanOrEqual(longestWaitMs)
  await store.close()
})

test('closing ends every connection', async () => {
  const store = await openPostgresStore({ url: server.url, schema: 'closing' })
  await Promise.all(Array.from({ length: 20 }, (_, index) => store.leases.join(`e-${index}`)))
  await Promise.all([store.close(), store.close()])
  const count = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 'meepo'`
  // The server notices a moment later.
  await expect.poll(() => server.admin(count)).toEqual([{ count: 0 }])
})

test('a schema of a newer release is refused', async () => {
  await (await openPostgresStore({ url: server.url, schema: 'newer' })).close()
  await server.admin(`INSERT INTO newer.migrations (number, name, is_breaking) VALUES (999, 'later', false)`)
  const refused = openPostgresStore({ url: server.url, schema: 'newer' })
  await expect(refused).rejects.toMatchObject({ code: 'store.newer_format' })
})

test('a schema with tables of somebody else is refused and not changed', async () => {
  await server.admin('CREATE SCHEMA theirs')
  await server.admin('CREATE TABLE theirs.orders (id int)')
  const refused = openPostgresStore({ url: server.url, schema: 'theirs' })
  await expect(refused).rejects.toMatchObject({ code: 'store.corrupt' })
  const tables = await server.admin(`SELECT tablename FROM pg_tables WHERE schemaname = 'theirs'`)
  expect(tables).toEqual([{ tablename: 'orders' }])
})

test('a user without any right but on the schema can use it', async () => {
  await server.admin(`CREATE ROLE plain LOGIN PASSWORD 'plain'`)
  await server.admin('CREATE SCHEMA given AUTHORIZATION plain')
  const url = server.url.replace('meepo:secret', 'plain:plain')
  const store = await openPostgresStore({ url, schema: 'given' })
  await store.leases.join('e')
  await store.close()
  const refused = openPostgresStore({ url, schema: 'another' })
  await expect(refused).rejects.toMatchObject({ code: 'store.not_writable', retryable: false })
})

test('processes that open a new schema at the same time make it once', async () => {
  const opening = Array.from({ length: 6 }, () => openPostgresStore({ url: server.url, schema: 'shared' }))
  const stores = await Promise.all(opening)
  const rows = await server.admin('SELECT number::int AS number FROM shared.migrations ORDER BY number')
  expect(rows).toEqual(migrations.map(({ number }) => ({ number })))
  for (const store of stores) await store.close()
})

test('a read-only server is refused', async () => {
  await server.kill()
  await server.start(['default_transaction_read_only=on'])
  const refused = openPostgresStore({ url: server.url, schema: 'frozen' })
  await expect(refused).rejects.toMatchObject({ code: 'store.not_writable', message: 'the server is read-only' })
})

test.each(['fsync', 'full_page_writes', 'synchronous_commit'])('a server with %s=off is refused', async (setting) => {
  await server.kill()
  await server.start([`${setting}=off`])
  const refused = openPostgresStore({ url: server.url, schema: 'unsafe' })
  await expect(refused).rejects.toMatchObject({
    code: 'store.not_durable',
    message: `the server runs with ${setting}=off`,
  })
})

test('a server that does not answer is given up after the time for connections, and worth another try', async () => {
  const silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  // A server that listens on a port has an address of this kind.
  const { port } = silent.address() as AddressInfo
  const url = `postgres://meepo@127.0.0.1:${port}/postgres`
  const refused = openPostgresStore({ url, connectTimeoutMs: 200 })
  await expect(refused).rejects.toMatchObject({ code: 'store.failed', retryable: true })
  silent.close()
})
