import type { MeepoError, NewEvent, Store } from '@meepo/core'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { Client } from 'pg'
import { positionsOf } from './database/position.ts'
import { openPostgresStore } from './open.ts'
import { startPostgresServer, type PostgresServer } from './testing/server.ts'

const scope = { tenant: 't' } as const
let server: PostgresServer
let schemas = 0
let schema = ''
const opened: Store[] = []

beforeAll(async () => {
  server = await startPostgresServer()
})
afterAll(() => server.remove())
beforeEach(() => {
  schema = `case_${++schemas}`
})
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

async function open(pollMs = 60_000): Promise<Store> {
  const store = await openPostgresStore({ url: server.url, schema, pollMs })
  opened.push(store)
  return store
}

function note(message: string): NewEvent {
  return { type: 'progress.reported', at: 1, data: { message } }
}

async function createRun(store: Store, runId: string): Promise<void> {
  const run = { runId, tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
  await store.log.create(scope, run, [note('1')], 'e')
}

/** Appends until it is refused. Returns the seq of the last acknowledged event, and why it ended. */
async function appendUntilRefused(store: Store, runId: string): Promise<{ seq: number; error: MeepoError }> {
  for (let seq = 1; ; seq++) {
    try {
      await store.log.append(scope, { runId, epoch: 1, expectedSeq: seq, events: [note(String(seq + 1))] })
    } catch (error) {
      // The store rejects with nothing else.
      return { seq, error: error as MeepoError }
    }
  }
}

/** Reads until it is refused. */
async function readUntilRefused(store: Store, runId: string): Promise<never> {
  for (;;) await store.log.read(scope, runId)
}

/** Until the server answers again. */
async function untilBack(store: Store): Promise<void> {
  for (;;) {
    try {
      await store.leases.beat('e')
      return
    } catch (error) {
      expect(error).toMatchObject({ code: 'store.failed', retryable: true })
      await sleep(20)
    }
  }
}

test('what was acknowledged is there after the server was killed in the middle of appends, and the store goes on', async () => {
  const store = await open()
  await store.leases.join('e')
  const runs = Array.from({ length: 20 }, (_, index) => `run-${index}`)
  await Promise.all(runs.map((runId) => createRun(store, runId)))
  const ends = runs.map((runId) => appendUntilRefused(store, runId))
  const reading = Promise.allSettled(runs.map((runId) => readUntilRefused(store, runId)))
  await sleep(300)
  await server.kill()
  const acknowledged = await Promise.all(ends)
  for (const end of await reading) {
    expect(end).toMatchObject({ status: 'rejected', reason: { code: 'store.failed', retryable: true } })
  }
  for (const { error } of acknowledged) expect(error).toMatchObject({ code: 'store.failed', retryable: true })
  await server.start()
  await untilBack(store)
  for (const [index, { seq }] of acknowledged.entries()) {
    const runId = `run-${index}`
    const events = await store.log.read(scope, runId)
    // What was under way may be there or not, as a whole.
    expect([seq, seq + 1]).toContain(events.length)
    expect(events.map(({ data }) => data)).toEqual(events.map((_, at) => ({ message: String(at + 1) })))
    const append = { runId, epoch: 1, expectedSeq: events.length, events: [note(String(events.length + 1))] }
    await store.log.append(scope, append)
    expect((await store.log.run(scope, runId)).lastSeq).toBe(events.length + 1)
  }
})

test('money that was acknowledged is there after the server was killed, and balances are those of the ledger', async () => {
  const store = await open()
  const usage = { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0, calls: 1 }
  const spent: string[] = []
  const spend = async (caller: number): Promise<void> => {
    for (let number = 0; ; number++) {
      const id = `${caller}/${number}`
      const accounts = [{ key: 'all' }, { key: `of/${caller}` }]
      const grant = await store.money.reserve(scope, { id, picoDollars: '7', atLeast: '7', accounts, expiresAt: 1 })
      expect(grant.kind).toBe('granted')
      const cost = { status: 'settled', picoDollars: '7' } as const
      const entry = { target: 'p:m', outcome: 'ok', usage, startedAt: 1, durationMs: 1, try: 1, cost } as const
      const line = { id, at: 1, tenant: 't', scopes: [], kind: 'call', entry } as const
      await store.money.book(scope, [{ id, picoDollars: '7' }], [line])
      spent.push(id)
    }
  }
  const spenders = Promise.allSettled([0, 1, 2, 3, 4].map(spend))
  await sleep(300)
  await server.kill()
  for (const end of await spenders) {
    expect(end).toMatchObject({ status: 'rejected', reason: { code: 'store.failed', retryable: true } })
  }
  await server.start()
  await untilBack(store)
  const lines = new Set((await store.money.ledger(scope, { limit: 100_000 })).map(({ id }) => id))
  for (const id of spent) expect(lines).toContain(id)
  const [all] = await store.money.balances(['all'])
  const left = await store.money.reservations(scope)
  expect([all?.settled, all?.reserved]).toEqual([String(7 * lines.size), String(7 * left.length)])
  expect(left.length).toBeLessThanOrEqual(5)
  const [total] = await store.money.report(scope, { by: 'total' })
  expect([total?.picoDollars, total?.calls]).toEqual([String(7 * lines.size), lines.size])
})

test('followers and watchers miss nothing when the connection that listens is cut', async () => {
  const [store, other] = [await open(), await open()]
  await store.leases.join('e')
  await createRun(store, 'run')
  const run = store.log.follow(scope, 'run', {})[Symbol.asyncIterator]()
  const tail = store.log.followAll(scope, {})[Symbol.asyncIterator]()
  await run.next()
  await tail.next()
  const told = new Promise<void>((resolve) => {
    store.leases.watch('e', ({ mail }) => {
      if (mail.includes('run')) resolve()
    })
  })
  const nexts = [run.next(), tail.next()]
  await cutListeners()
  await other.log.append(scope, { runId: 'run', epoch: 1, expectedSeq: 1, events: [note('2')] })
  await other.inbox.deliver(scope, 'run', { id: 'd', kind: 'cancel', data: null })
  expect((await nexts[0])?.value).toMatchObject({ seq: 2 })
  expect((await nexts[1])?.value).toMatchObject({ event: { seq: 2 } })
  await told
  // And again, over the new connection.
  const again = run.next()
  await other.log.append(scope, { runId: 'run', epoch: 1, expectedSeq: 2, events: [note('3')] })
  expect((await again).value).toMatchObject({ seq: 3 })
  await run.return?.()
  await tail.return?.()
})

/** Ends the connections that listen. */
async function cutListeners(): Promise<void> {
  const cut = await server.admin(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'meepo' AND (query LIKE '%LISTEN%' OR query LIKE '%pg_notify%')`)
  expect(cut.length).toBeGreaterThan(0)
}

test('a follower of everything does not skip what a slower transaction commits later', async () => {
  const store = await open(50)
  await store.leases.join('e')
  await createRun(store, 'slow')
  await createRun(store, 'fast')
  const client = new Client({ connectionString: server.url, options: `-c search_path=${schema}` })
  await client.connect()
  await client.query(positionsOf(schema).begin)
  const inserted = await client.query<{ id: string }>(
    `INSERT INTO events (id, run, seq, at, type, data) SELECT nextval('positions'), id, 2, 1, 'progress.reported', '{}'
      FROM runs WHERE run_id = 'slow' RETURNING id`,
  )
  await store.log.append(scope, { runId: 'fast', epoch: 1, expectedSeq: 1, events: [note('2')] })
  const tail = store.log.followAll(scope, {})[Symbol.asyncIterator]()
  const seen = [(await tail.next()).value, (await tail.next()).value]
  expect(seen.map((one) => one?.event.seq)).toEqual([1, 1])
  const next = tail.next()
  // The later number is there already, and not shown before the earlier one.
  expect(await Promise.race([next, sleep(200)])).toBeUndefined()
  await client.query('COMMIT')
  await client.end()
  expect((await next).value).toMatchObject({ runId: 'slow', cursor: Number(inserted.rows[0]?.id) })
  expect((await tail.next()).value).toMatchObject({ runId: 'fast' })
  await tail.return?.()
})

test('a process goes on after a migration that is not breaking, and stops writing after a breaking one', async () => {
  const store = await open()
  await server.admin(`INSERT INTO ${schema}.migrations (number, name, is_breaking) VALUES (998, 'later', false)`)
  await store.leases.join('e')
  await createRun(store, 'run')
  await server.admin(`INSERT INTO ${schema}.migrations (number, name, is_breaking) VALUES (999, 'last', true)`)
  const refused = { code: 'store.newer_format' }
  const append = { runId: 'run', epoch: 1, expectedSeq: 1, events: [note('2')] }
  await expect(store.log.append(scope, append)).rejects.toMatchObject(refused)
  await expect(store.leases.join('f')).rejects.toMatchObject(refused)
  await expect(store.counters.take({ id: 'h', ttlMs: 1 }, [])).rejects.toMatchObject(refused)
  expect((await store.log.read(scope, 'run')).length).toBe(1)
})

test('a part that does not fit the database is refused alone', async () => {
  const store = await open()
  await store.leases.join('e')
  await createRun(store, 'run')
  const nul = String.fromCharCode(0)
  // Enough for each lane to have neighbours of the bad ones.
  const good = Array.from({ length: 30 }, (_, index) => `good-${index}`)
  const bad = Array.from({ length: 10 }, (_, index) => `bad-${index}${nul}`)
  const answers = await Promise.allSettled([...good, ...bad].map((runId) => createRun(store, runId)))
  expect(answers.slice(0, 30).every(({ status }) => status === 'fulfilled')).toBe(true)
  for (const answer of answers.slice(30)) {
    expect(answer).toMatchObject({ status: 'rejected', reason: { code: 'store.failed', retryable: false } })
  }
  expect((await store.log.runs(scope)).map(({ runId }) => runId).toSorted()).toEqual([...good, 'run'].toSorted())
})

test('a server that comes back read-only refuses writes with a clear code, and can be read', async () => {
  const store = await open()
  await store.leases.join('e')
  await server.kill()
  await server.start(['default_transaction_read_only=on'])
  try {
    await expect(store.leases.join('f')).rejects.toMatchObject({ code: 'store.not_writable' })
    expect(await store.leases.engines()).toHaveLength(1)
  } finally {
    await server.kill()
    await server.start()
  }
})

test('an event and a blob of 40 MB are written whole, and others are written meanwhile', async () => {
  const store = await open()
  await store.leases.join('e')
  await createRun(store, 'large')
  await createRun(store, 'small')
  const text = 'x'.repeat(40_000_000)
  const writing = Promise.all([
    store.log.append(scope, { runId: 'large', epoch: 1, expectedSeq: 1, events: [note(text)] }),
    store.blobs.put(scope, 'large', text),
  ])
  for (let seq = 1; seq < 20; seq++) {
    await store.log.append(scope, { runId: 'small', epoch: 1, expectedSeq: seq, events: [note('2')] })
  }
  await writing
  expect((await store.blobs.get(scope, 'large')).length).toBe(text.length)
  const [, event] = await store.log.read(scope, 'large')
  expect(event?.type === 'progress.reported' && event.data.message === text).toBe(true)
})
