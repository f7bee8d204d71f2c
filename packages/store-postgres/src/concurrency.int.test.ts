import type { NewEvent, Store } from '@meepo/core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { openPostgresStore } from './open.ts'
import { startPostgresServer, type PostgresServer } from './testing/server.ts'

// Several handles on one schema, as several processes have them, all at work at the same time.

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

async function openSome(count: number): Promise<readonly Store[]> {
  const stores: Store[] = []
  for (let index = 0; index < count; index++) stores.push(await openPostgresStore({ url: server.url, schema }))
  opened.push(...stores)
  return stores
}

function note(message: string): NewEvent {
  return { type: 'progress.reported', at: 1, data: { message } }
}

async function createRun(store: Store, runId: string, owner: string): Promise<void> {
  const run = { runId, tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
  await store.log.create(scope, run, [note('1')], owner)
}

test('who follows everything sees each event once and in the order of its run, while four processes write', async () => {
  const [reader, ...writers] = await openSome(5)
  if (!reader) throw new Error('nobody reads')
  const appends = 40
  const runs = 10
  const total = writers.length * runs * (appends + 1)
  const seen = new Map<string, number>()
  const follow = async (): Promise<void> => {
    let [count, cursor] = [0, 0]
    for await (const { runId, event, cursor: next } of reader.log.followAll(scope, {})) {
      expect(next).toBeGreaterThan(cursor)
      cursor = next
      expect(event.seq).toBe((seen.get(runId) ?? 0) + 1)
      seen.set(runId, event.seq)
      if (++count === total) break
    }
  }
  const following = follow()
  const write = async (store: Store, writer: number): Promise<void> => {
    await store.leases.join(`e-${writer}`)
    const one = async (run: number): Promise<void> => {
      const runId = `${writer}-${run}`
      await createRun(store, runId, `e-${writer}`)
      for (let seq = 1; seq <= appends; seq++) {
        await store.log.append(scope, { runId, epoch: 1, expectedSeq: seq, events: [note(String(seq + 1))] })
      }
    }
    await Promise.all(Array.from({ length: runs }, (_, run) => one(run)))
  }
  await Promise.all(writers.map(write))
  await following
  expect([...seen.values()]).toEqual(Array.from({ length: writers.length * runs }, () => appends + 1))
})

test('reservations on the same accounts in any order neither block each other for ever nor lose anything', async () => {
  const stores = await openSome(3)
  const keys = ['a', 'b', 'c', 'd', 'e']
  const calls = 40
  const spend = async (store: Store, process: number, caller: number): Promise<void> => {
    for (let number = 0; number < calls; number++) {
      const id = `${process}/${caller}/${number}`
      const shift = (process * 7 + caller * 3 + number) % keys.length
      const order = [...keys.slice(shift), ...keys.slice(0, shift)]
      const accounts = order.map((key) => ({ key, window: order.slice(0, 2), limitKey: 'limit' }))
      await store.money.reserve(scope, { id, picoDollars: '5', atLeast: '5', accounts })
      await store.money.book(scope, [{ id, picoDollars: '3' }], [])
    }
  }
  await Promise.all(
    stores.flatMap((store, process) => Array.from({ length: 5 }, (_, caller) => spend(store, process, caller))),
  )
  const [first] = stores
  const balances = await first?.money.balances(keys)
  const settled = String(3 * stores.length * 5 * calls)
  expect(balances).toEqual(keys.map((key) => ({ key, settled, reserved: '0' })))
})

test('a ledger that is read page by page while others book shows each line once', async () => {
  const [reader, ...writers] = await openSome(3)
  if (!reader) throw new Error('nobody reads')
  const usage = { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0, calls: 1 }
  const cost = { status: 'settled', picoDollars: '1' } as const
  const entry = { target: 'p:m', outcome: 'ok', usage, startedAt: 1, durationMs: 1, try: 1, cost } as const
  const lines = 60
  const book = async (store: Store, writer: number, caller: number): Promise<void> => {
    for (let number = 0; number < lines; number++) {
      const id = `${writer}/${caller}/${number}`
      await store.money.book(scope, [], [{ id, at: 1, tenant: 't', scopes: [], kind: 'call', entry }])
    }
  }
  const booking = Promise.all(
    writers.flatMap((store, writer) => Array.from({ length: 5 }, (_, caller) => book(store, writer, caller))),
  )
  const total = writers.length * 5 * lines
  const seen: string[] = []
  for (let after = 0; seen.length < total;) {
    const page = await reader.money.ledger(scope, { after, limit: 20 })
    seen.push(...page.map(({ id }) => id))
    after = page.at(-1)?.cursor ?? after
  }
  await booking
  expect(new Set(seen).size).toBe(total)
  expect(await reader.money.ledger(scope, { after: 0, limit: 10_000 })).toHaveLength(total)
})

test('an engine that is taken over in the middle of its appends is fenced, and its successor goes on where the log ends', async () => {
  const [old, successor] = await openSome(2)
  if (!old || !successor) throw new Error('nobody works')
  await old.leases.join('old')
  await successor.leases.join('new')
  const runs = Array.from({ length: 20 }, (_, index) => `run-${index}`)
  await Promise.all(runs.map((runId) => createRun(old, runId, 'old')))
  const lasts = runs.map(async (runId) => {
    for (let seq = 1; ; seq++) {
      try {
        await old.log.append(scope, { runId, epoch: 1, expectedSeq: seq, events: [note('old')] })
      } catch (error) {
        expect(error).toMatchObject({ code: 'store.fenced' })
        return seq
      }
    }
  })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await successor.leases.takeOver('old', 0)).toBe(runs.length)
  const claims = await successor.leases.claim('new', { limit: 100, definitions: ['d@1'] })
  expect(claims.map(({ runId }) => runId).toSorted()).toEqual(runs.toSorted())
  for (const { runId, epoch } of claims) {
    const { lastSeq } = await successor.log.run(scope, runId)
    expect(lastSeq).toBe(await lasts[runs.indexOf(runId)])
    await successor.log.append(scope, { runId, epoch, expectedSeq: lastSeq, events: [note('new')] })
  }
})

test('a run is given back while others append without a pause', async () => {
  const [store] = await openSome(1)
  if (!store) throw new Error('nobody works')
  await store.leases.join('e')
  const runs = Array.from({ length: 50 }, (_, index) => `run-${index}`)
  await Promise.all([...runs, 'tired'].map((runId) => createRun(store, runId, 'e')))
  let isOver = false
  const busy = runs.map(async (runId) => {
    for (let seq = 1; !isOver; seq++) {
      await store.log.append(scope, { runId, epoch: 1, expectedSeq: seq, events: [note('more')] })
    }
  })
  await store.leases.release('e', [{ runId: 'tired', epoch: 1, status: 'waiting' }])
  expect((await store.log.run(scope, 'tired')).status).toBe('waiting')
  isOver = true
  await Promise.all(busy)
})

const ended: NewEvent = { type: 'run.completed', at: 2, data: { result: { value: null } } }
const everything = { definition: 'd', statuses: ['completed'], endedBefore: 1_000, limit: 1_000 } as const

test('engines of several processes never hold more places than there are, while workflows end and wait', async () => {
  const stores = await openSome(4)
  const [first] = stores
  if (!first) throw new Error('nobody works')
  const [most, count] = [5, 60]
  await Promise.all(stores.map((store, index) => store.leases.join(`e-${index}`)))
  const queue = async (_: unknown, number: number): Promise<void> => {
    const run = { tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
    await first.log.create(scope, { ...run, runId: `run-${number}`, isWorkflow: true }, [note('1')])
  }
  await Promise.all(Array.from({ length: count }, queue))
  const held = new Set<string>()
  const finished = new Set<string>()
  const waited = new Set<string>()
  let highest = 0
  const drive = async (store: Store, engine: string): Promise<void> => {
    while (finished.size < count) {
      const claims = await store.leases.claim(engine, { limit: 3, definitions: ['d@1'], maxWorkflows: most })
      for (const { runId } of claims) held.add(runId)
      highest = Math.max(highest, held.size)
      await Promise.all(
        claims.map(async ({ runId, epoch }) => {
          // Nobody else may have its place before the store has it back.
          held.delete(runId)
          if (!waited.has(runId)) {
            waited.add(runId)
            await store.leases.release(engine, [{ runId, epoch, status: 'queued' }])
            return
          }
          await store.log.append(scope, { runId, epoch, expectedSeq: 1, events: [ended] })
          finished.add(runId)
        }),
      )
    }
  }
  await Promise.all(stores.map((store, index) => drive(store, `e-${index}`)))
  expect(highest).toBeLessThanOrEqual(most)
  const left = await first.leases.claim('e-0', { limit: 9, definitions: ['d@1'], maxWorkflows: most })
  expect(left).toEqual([])
})

test('claims of the same moment take exactly the places that are left', async () => {
  const stores = await openSome(6)
  const [first] = stores
  if (!first) throw new Error('nobody works')
  await Promise.all(stores.map((store, index) => store.leases.join(`e-${index}`)))
  for (let round = 1; round <= 10; round++) {
    const run = { tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0, fingerprint: 'f' }
    for (let number = 0; number < 5; number++) {
      await first.log.create(scope, { ...run, runId: `${round}-${number}`, isWorkflow: true }, [note('1')])
    }
    const claims = await Promise.all(
      stores.map((store, index) =>
        store.leases.claim(`e-${index}`, { limit: 5, definitions: ['d@1'], maxWorkflows: round * 3 }),
      ),
    )
    expect(claims.flat()).toHaveLength(3)
  }
})

test('a run that is created while another with its id is pruned is a new one, and both are in the books', async () => {
  const [writer, pruner] = await openSome(2)
  if (!writer || !pruner) throw new Error('nobody works')
  await writer.leases.join('e')
  const usage = { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, reasoning: 0, calls: 1 }
  const cost = { status: 'settled', picoDollars: '1' } as const
  const entry = { target: 'p:m', outcome: 'ok', usage, startedAt: 1, durationMs: 1, try: 1, cost } as const
  const rounds = 40
  let made = 0
  for (let round = 0; round < rounds; round++) {
    const pruning = pruner.log.prune('system', everything)
    const run = { runId: 'again', tenant: 't', definition: 'd', version: '1', sessionId: 's', priority: 0 }
    const created = await writer.log.create(scope, { ...run, fingerprint: 'f' }, [note('1')], 'e')
    if (created.kind === 'created') {
      made++
      const line = { id: 'again/1/1', at: 1, tenant: 't', scopes: [], kind: 'call', entry } as const
      const extras = { ledger: [line] }
      await writer.log.append(scope, { runId: 'again', epoch: 1, expectedSeq: 1, events: [ended], extras })
    }
    await pruning
  }
  expect(made).toBeGreaterThan(1)
  const lines = await writer.money.ledger(scope, { limit: 1_000 })
  expect(lines).toHaveLength(made)
  expect(new Set(lines.map(({ id }) => id)).size).toBe(made)
})

test('a follower in another process hears at once that its run was forgotten or pruned before the end was told', async () => {
  const [writer, reader] = await openSome(2)
  if (!writer || !reader) throw new Error('nobody works')
  await writer.leases.join('e')
  for (const remove of ['forget', 'prune'] as const) {
    await createRun(writer, remove, 'e')
    const follower = reader.log.follow(scope, remove, { afterSeq: 1 })[Symbol.asyncIterator]()
    const heard = follower.next().then(
      ({ value }) => value?.type,
      (thrown: { code?: string }) => thrown.code,
    )
    await writer.log.append(scope, { runId: remove, epoch: 1, expectedSeq: 1, events: [ended] })
    if (remove === 'forget') await writer.log.forget(scope, 1_000)
    else await writer.log.prune(scope, everything)
    expect(['run.completed', 'run.not_found']).toContain(await heard)
  }
})
