import { startPostgresServer, type PostgresServer } from '@meepo/store-postgres/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { number } from 'zod'
import { createMeepo, define } from './index.ts'

let server: PostgresServer

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())

const double = define({
  name: 'double',
  input: number(),
  run: (ctx, input) => ctx.step('double', { effect: 'read' }, async () => input * 2),
})

test('a run is durable in the database that the store option names, and several processes share its queue', async () => {
  const first = await createMeepo({ store: server.url, definitions: [double] })
  const second = await createMeepo({ store: server.url, definitions: [double] })
  const handles = await Promise.all(Array.from({ length: 20 }, (_, n) => first.start(double, n, { isQueued: true })))
  const records = await Promise.all(handles.map((handle) => handle.result()))
  expect(records.map(({ result }) => result)).toEqual(Array.from({ length: 20 }, (_, n) => n * 2))
  await first.stop()
  const runs = await second.store.log.runs('system', { status: ['completed'] })
  expect(runs).toHaveLength(20)
  await second.stop()
})

test('an address that cannot be reached is worth another try', async () => {
  const refused = createMeepo({ store: 'postgres://meepo@127.0.0.1:1/meepo' })
  await expect(refused).rejects.toMatchObject({ code: 'store.failed', retryable: true })
})
