import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { connectionOf } from '../database/database.ts'
import { startPostgresServer, type PostgresServer } from '../testing/server.ts'
import { migrate, migrations, readFormat } from './migrate.ts'
import type { Migration } from './migration.ts'

const second: Migration = {
  number: migrations.length + 1,
  name: 'planted',
  isBreaking: false,
  sql: 'ALTER TABLE runs ADD COLUMN planted text; CREATE TABLE planted (a bigint)',
}
const broken: Migration = {
  number: migrations.length + 2,
  name: 'broken',
  isBreaking: true,
  sql: 'CREATE TABLE half (a bigint); SELECT nonsense',
}
let server: PostgresServer
let client: Client
let schemas = 0
let schema = ''

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())
beforeEach(async () => {
  schema = `case_${++schemas}`
  client = new Client(connectionOf({ url: server.url, schema, poolSize: 2, connectTimeoutMs: 5_000 }))
  await client.connect()
})
afterEach(() => client.end())

async function columns(): Promise<unknown> {
  const found = await client.query(
    `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1, 2`,
    [schema],
  )
  return found.rows
}

test('migrations are numbered without gaps', () => {
  expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1))
})

test('a new schema gets the newest format, and a second run changes nothing', async () => {
  expect(await readFormat(client, schema)).toBe(0)
  await migrate(client, schema)
  expect(await readFormat(client, schema)).toBe(migrations.length)
  const before = await columns()
  await migrate(client, schema)
  expect(await columns()).toEqual(before)
})

test('a schema of the previous format keeps its rows and gets what is new', async () => {
  await migrate(client, schema)
  await client.query("INSERT INTO engines (engine, beat) VALUES ('e', 7)")
  await migrate(client, schema, [...migrations, second])
  expect(await readFormat(client, schema, [...migrations, second])).toBe(second.number)
  expect((await client.query('SELECT engine, beat FROM engines')).rows).toEqual([{ engine: 'e', beat: 7 }])
  expect((await client.query('SELECT * FROM planted')).rows).toEqual([])
})

test('a schema from before totals gets them from its roll-ups, and knows which names tenants share', async () => {
  await migrate(client, schema, migrations.slice(0, 4))
  await client.query(`INSERT INTO roll_ups (scope, tenant, day, model, pico, saved, calls, unpriced, unknown, input, cache_read,
      cache_write, output, reasoning)
    VALUES ('', 'a', '2026-11-01', 'm', 1, 0, 1, 0, 0, 0, 0, 0, 0, 0), ('user:u', 'a', '2026-11-01', 'm', 16, 1, 1, 0, 0, 1, 2, 3, 4, 5),
      ('user:u', 'a', '2026-11-02', 'm', 27, 1, 2, 1, 1, 1, 2, 3, 4, 5), ('user:u', 'b', '2026-11-02', 'm', -1, 0, 1, 0, 0, 0, 0, 0, 0, 0),
      ('user:v', 'b', '2026-11-02', 'm', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)`)
  await migrate(client, schema)
  const totals = await client.query({
    text: `SELECT scope, tenant, kind, is_shared, pico::text, saved::text, calls::int, unpriced::int, unknown::int, input::int,
        reasoning::int FROM totals ORDER BY scope, tenant`,
    rowMode: 'array',
  })
  expect(totals.rows).toEqual([
    ['', 'a', '', false, '1', '0', 1, 0, 0, 0, 0],
    ['user:u', 'a', 'user', true, '43', '2', 3, 1, 1, 2, 10],
    ['user:u', 'b', 'user', true, '-1', '0', 1, 0, 0, 0, 0],
    ['user:v', 'b', 'user', false, '0', '0', 0, 0, 0, 0, 0],
  ])
  const names = await client.query('SELECT scope, tenant, is_shared FROM scope_names ORDER BY scope')
  expect(names.rows).toEqual([
    { scope: 'user:u', tenant: 'a', is_shared: true },
    { scope: 'user:v', tenant: 'b', is_shared: false },
  ])
})

test('a migration that fails leaves the schema as it was', async () => {
  await migrate(client, schema)
  const before = await columns()
  await expect(migrate(client, schema, [...migrations, second, broken])).rejects.toThrow('nonsense')
  expect(await columns()).toEqual(before)
  expect(await readFormat(client, schema)).toBe(migrations.length)
})

test('a schema of a newer release is refused, whether its migration was breaking or not', async () => {
  await migrate(client, schema, [...migrations, second])
  await expect(migrate(client, schema)).rejects.toMatchObject({ code: 'store.newer_format' })
})
