import type { NewEvent, Store } from '@meepo/core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openPostgresStore } from './open.ts'
import { startLossyProxy, type LossyProxy } from './testing/lossy-proxy.fixture.ts'
import { startPostgresServer, type PostgresServer } from './testing/server.ts'

// What was committed while the connection broke, so that nobody was told.

const scope = { tenant: 't' } as const
const wanted = { limit: 10, definitions: ['d@1'] } as const
const unknown = { code: 'store.failed', retryable: true, message: expect.stringContaining('not known') }
let server: PostgresServer
let proxy: LossyProxy
let store: Store
let schemas = 0

beforeAll(async () => {
  server = await startPostgresServer()
  proxy = await startLossyProxy(server.url)
})
afterAll(async () => {
  await proxy.close()
  await server.remove()
})
beforeEach(async () => {
  store = await openPostgresStore({ url: proxy.url, schema: `case_${++schemas}`, pollMs: 50 })
  await store.leases.join('e')
})
afterEach(() => store.close())

function note(message: string): NewEvent {
  return { type: 'progress.reported', at: 1, data: { message } }
}

async function create(runId: string, owner?: string): Promise<unknown> {
  const run = { runId, tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
  return store.log.create(scope, run, [note('1')], owner)
}

test('runs whose claim or creation was committed unheard are found among those that the engine owns', async () => {
  await create('a')
  await create('b')
  proxy.loseNextCommit()
  await expect(store.leases.claim('e', wanted)).rejects.toMatchObject(unknown)
  proxy.loseNextCommit()
  await expect(create('c', 'e')).rejects.toMatchObject(unknown)
  expect(await create('c', 'e')).toEqual({ kind: 'exists' })
  const owned = (await store.leases.owned('e')).map(({ runId, epoch }) => `${runId} ${epoch}`)
  expect(owned.toSorted((one, other) => one.localeCompare(other))).toEqual(['a 1', 'b 1', 'c 1'])
  expect(await store.leases.claim('e', wanted)).toEqual([])
})

test('what was not committed is claimed as if nothing had been, and given once', async () => {
  await create('a')
  await server.admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'meepo'`)
  const claims = await store.leases.claim('e', wanted).catch(() => store.leases.claim('e', wanted))
  expect(claims).toHaveLength(1)
  expect(await store.leases.claim('e', wanted)).toEqual([])
})

test('events that were committed unheard are in the log once: the same append again is refused', async () => {
  await create('a', 'e')
  const append = { runId: 'a', epoch: 1, expectedSeq: 1, events: [note('2')] }
  proxy.loseNextCommit()
  await expect(store.log.append(scope, append)).rejects.toMatchObject(unknown)
  expect((await store.log.read(scope, 'a')).length).toBe(2)
  await expect(store.log.append(scope, append)).rejects.toMatchObject({ code: 'store.sequence_conflict' })
  await store.log.append(scope, { ...append, expectedSeq: 2 })
})

test('mail and money that were committed unheard are the same when they are sent again', async () => {
  await create('a', 'e')
  proxy.loseNextCommit()
  const delivery = { id: 'd', kind: 'signal', name: 'go', data: 1 } as const
  await expect(store.inbox.deliver(scope, 'a', delivery)).rejects.toMatchObject(unknown)
  expect(await store.inbox.deliver(scope, 'a', delivery)).toBe('duplicate')
  const reservation = { id: 'c', picoDollars: '7', atLeast: '7', accounts: [{ key: 'all' }], expiresAt: 1 }
  proxy.loseNextCommit()
  await expect(store.money.reserve(scope, reservation)).rejects.toMatchObject(unknown)
  await store.money.reserve(scope, reservation)
  expect(await store.money.balances(['all'])).toMatchObject([{ reserved: '7' }])
})
