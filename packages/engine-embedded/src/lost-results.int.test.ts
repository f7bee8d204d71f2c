import { anySchema, define, MeepoError, type Effect, type Json, type RunContext, type Store } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './engine.ts'

const large = 'x'.repeat(300_000)

/** A store whose blobs refuse while `isFull`. */
function fullStore(): { readonly store: Store; readonly disk: { isFull: boolean } } {
  const store = createMemoryStore()
  const disk = { isFull: true }
  const put: Store['blobs']['put'] = (scope, id, text) =>
    disk.isFull ? Promise.reject(new MeepoError('store.disk_full', 'full')) : store.blobs.put(scope, id, text)
  return { store: { ...store, blobs: { ...store.blobs, put } }, disk }
}

function paying(effect: Effect, returned: () => unknown) {
  const paid = { count: 0 }
  const pay = async (): Promise<Json> => {
    paid.count++
    // Whatever it is: the step has to cope.
    return returned() as Json
  }
  const run = (ctx: RunContext): Promise<Json> => ctx.step('pay', { effect }, pay)
  return { definition: define({ name: 'shop', input: anySchema, run }), paid }
}

test('a payment whose large result cannot be stored is unknown, not failed', async () => {
  const { store } = fullStore()
  const { definition, paid } = paying('once', () => large)
  const engine = createEmbeddedEngine({ store })
  const handle = await engine.start(definition, null)
  await expect.poll(async () => (await handle.record()).history[0]?.status).toBe('unknown')
  expect(paid.count).toBe(1)
  await engine.stop()
})

test('a step that may be repeated fails when its result cannot be stored', async () => {
  const { store } = fullStore()
  const { definition } = paying('idempotent', () => large)
  const engine = createEmbeddedEngine({ store })
  const record = await (await engine.start(definition, null)).result()
  expect(record).toMatchObject({ status: 'failed', error: { code: 'store.disk_full' } })
  await engine.stop()
})

const broken: [string, () => unknown][] = [
  ['returns what is no JSON', () => ({ id: 1n })],
  ['throws after it paid', () => fail(new TypeError('oops'))],
]
test.each(broken)('a payment that %s is not repeated by a resume', async (_what, returned) => {
  const { definition, paid } = paying('once', returned)
  const engine = createEmbeddedEngine({ store: createMemoryStore() })
  const handle = await engine.start(definition, null)
  await handle.result()
  await (await engine.resume(handle.runId)).result()
  expect(paid.count).toBe(1)
  await engine.stop()
})

test('two tasks of one child get a large result each of their own', async () => {
  const child = define({ name: 'child', input: anySchema, run: async () => ({ large, list: [1] }) })
  const parent = define({
    name: 'parent',
    input: anySchema,
    run: async (ctx) => {
      const [one, two] = await Promise.all([ctx.child(child, 'c', null), ctx.child(child, 'c', null)])
      one.list.push(2)
      return two.list.length
    },
  })
  const engine = createEmbeddedEngine({ store: createMemoryStore() })
  expect(await (await engine.start(parent, null)).result()).toMatchObject({ result: 1 })
  await engine.stop()
})

test('a start that the store refuses leaves nothing behind', async () => {
  const store = createMemoryStore()
  const refuse = (): Promise<never> => Promise.reject(new MeepoError('store.disk_full', 'full'))
  const notices: string[] = []
  const engine = createEmbeddedEngine({
    store: { ...store, log: { ...store.log, create: refuse } },
    onNotice: ({ code }) => notices.push(code),
  })
  const { definition } = paying('idempotent', () => 1)
  await expect(engine.start(definition, null)).rejects.toMatchObject({ code: 'store.disk_full' })
  await new Promise((resolve) => setTimeout(resolve, 600))
  expect(notices.length).toBeLessThanOrEqual(1)
  await engine.stop()
})

test('leaving a stream while nothing happens ends at once', async () => {
  const waiting = define({ name: 'waiting', input: anySchema, run: (ctx) => ctx.signalled('go') })
  const engine = createEmbeddedEngine({ store: createMemoryStore() })
  const stream = (await engine.start(waiting, null)).stream()[Symbol.asyncIterator]()
  const next = stream.next()
  await stream.return?.()
  expect(await next).toEqual({ done: true, value: undefined })
  await engine.stop()
})

function fail(error: Error): never {
  throw error
}
