import { expect, test } from 'vitest'
import type { Change } from '../store/store.ts'
import { createMemoryStore } from './memory-store.ts'
import { completed, createOwned, createQueued, definitions, here, note, signal } from './store-case.ts'
import { storeCases, storeCasesFor } from './store-cases.ts'

const capabilities = { durable: false, processes: false }

test.each(storeCasesFor(capabilities))('$name', (one) =>
  one.run({
    capabilities,
    open: async () => createMemoryStore(),
    openAgain: () => Promise.reject(new Error('a memory store cannot be opened again')),
  }),
)

test('every case has a name of its own', () => {
  const names = storeCases.map((one) => one.name)
  expect(new Set(names).size).toBe(names.length)
})

test('a wake time passes by the clock that the store was given', async () => {
  let now = 1000
  const store = createMemoryStore({ now: () => now })
  await store.leases.join('engine-1')
  const epoch = await createOwned(store, 'run-1')
  await store.leases.release('engine-1', [{ runId: 'run-1', epoch, status: 'waiting', wakeAt: 1500 }])
  expect(await store.leases.claim('engine-1', { limit: 1, definitions })).toEqual([])
  expect(await store.leases.nextWakeAt()).toBe(1500)
  now = 1500
  expect(await store.leases.claim('engine-1', { limit: 1, definitions })).toHaveLength(1)
  expect(await store.leases.nextWakeAt()).toBeUndefined()
})

test('the changes of one turn are told in one call, and never inside the call that made them', async () => {
  const store = createMemoryStore()
  await store.leases.join('engine-1')
  for (const runId of ['run-1', 'run-2']) await createOwned(store, runId)
  const changes: Change[] = []
  store.leases.watch('engine-1', (change) => changes.push(change))
  const deliveries = ['run-1', 'run-2', 'run-1'].map((runId, index) =>
    store.inbox.deliver(here, runId, signal(`d${index}`, `name-${index}`, 1)),
  )
  const queued = createQueued(store, 'run-3')
  expect(changes).toEqual([])
  await Promise.all([...deliveries, queued])
  expect(changes).toEqual([{ mail: ['run-1', 'run-2'], claimable: true }])
})

test('an append takes effect within the call', async () => {
  const store = createMemoryStore()
  await store.leases.join('engine-1')
  const epoch = await createOwned(store, 'run-1')
  const append = store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('a')] })
  const read = store.log.read(here, 'run-1')
  expect(await read).toHaveLength(2)
  await append
})

test('a follower can leave while it waits', async () => {
  const store = createMemoryStore()
  await store.leases.join('engine-1')
  const epoch = await createOwned(store, 'run-1')
  const iterator = store.log.follow(here, 'run-1', { afterSeq: 1 })[Symbol.asyncIterator]()
  const waiting = [iterator.next(), iterator.next()]
  await iterator.return?.()
  expect(await Promise.all(waiting)).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ])
  await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [note('a')] })
  expect(await iterator.next()).toEqual({ done: true, value: undefined })
})

test('whoever follows all runs goes on where it was when runs are forgotten', async () => {
  const store = createMemoryStore()
  await store.leases.join('engine-1')
  const first = await createOwned(store, 'run-1')
  const iterator = store.log.followAll(here, {})[Symbol.asyncIterator]()
  await iterator.next()
  await createQueued(store, 'run-2')
  await store.log.append(here, { runId: 'run-1', epoch: first, expectedSeq: 1, events: [completed] })
  await store.log.forget(here, Number.MAX_SAFE_INTEGER)
  const next = await iterator.next()
  expect(next.value?.runId).toBe('run-2')
  await iterator.return?.()
})

test('a blob that was put again before the old run was forgotten stays for the one that will name it', async () => {
  const store = createMemoryStore()
  await store.leases.join('engine-1')
  const epoch = await createOwned(store, 'run-1')
  await store.blobs.put({ tenant: 'tenant-here' }, 'blob-1', 'large')
  const result = { ref: { blob: 'blob-1', bytes: 5 } }
  const end = { type: 'run.completed', at: 1, data: { result } } as const
  await store.log.append(here, { runId: 'run-1', epoch, expectedSeq: 1, events: [end] })
  await store.blobs.put({ tenant: 'tenant-here' }, 'blob-1', 'large')
  expect(await store.log.forget('system', 2)).toBe(1)
  expect(await store.blobs.get({ tenant: 'tenant-here' }, 'blob-1')).toBe('large')
})

test('a closed store takes no watcher, and a watcher is not called after the close', async () => {
  const store = createMemoryStore()
  await store.leases.join('engine-1')
  await createOwned(store, 'run-1')
  let calls = 0
  store.leases.watch('engine-1', () => calls++)
  const delivery = store.inbox.deliver(here, 'run-1', signal('d', 'go', 1))
  const following = store.log.followAll(here, { after: 1 })[Symbol.asyncIterator]().next()
  await store.close()
  await delivery
  await expect(following).rejects.toThrow('closed')
  expect(calls).toBe(0)
  expect(() => store.leases.watch('engine-1', () => undefined)).toThrow('closed')
})
