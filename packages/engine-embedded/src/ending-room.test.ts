import { anySchema, define, MeepoError } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/* A run that fails because of the blobs gives its room to its children, which need it to end (D7). */

const big = 'x'.repeat(400_000)

function world() {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const broken = { put: false, get: false }
  const { blobs } = memory
  const fail = (): Promise<never> => Promise.reject(new MeepoError('store.failed', 'no blobs now'))
  const store = storeWith(memory, {
    blobs: {
      put: (...args) => (broken.put ? fail() : blobs.put(...args)),
      get: (...args) => (broken.get ? fail() : blobs.get(...args)),
    },
  })
  const engine = createEmbeddedEngine({ store, machine, concurrency: 1, idleMs: 0 })
  return { scheduler, memory, engine, broken }
}

const never = define({ name: 'never', input: anySchema, run: (ctx) => ctx.signalled('never') })

test('the result cannot be put among the blobs while a child is evicted', async () => {
  const { scheduler, memory, engine, broken } = world()
  engine.register(never)
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [never],
    run: async (ctx) => {
      void ctx.child(never, 'one', null)
      await ctx.sleep(1_000)
      return big
    },
  })
  const handle = await scheduler.until(engine.start(parent, null))
  await scheduler.advance(500)
  broken.put = true
  await scheduler.advance(60_000)
  const all = await memory.log.runs('system')
  expect(all.map(({ status }) => status).toSorted()).toEqual(['cancelled', 'failed'])
  expect(await scheduler.until(handle.result())).toMatchObject({ status: 'failed' })
})

test('the result of a child cannot be read while another child is evicted', async () => {
  const { scheduler, memory, engine, broken } = world()
  const large = define({
    name: 'large',
    input: anySchema,
    run: async (ctx) => {
      await ctx.sleep(1_000)
      return big
    },
  })
  engine.register(never, large)
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [never, large],
    run: async (ctx) => {
      const [one] = await Promise.all([ctx.child(large, 'one', null), ctx.child(never, 'two', null)])
      return one.length
    },
  })
  await scheduler.until(engine.start(parent, null))
  await scheduler.advance(500)
  // Evicted parents are loaded with their blobs: keep this one in memory.
  broken.get = true
  await scheduler.advance(60_000)
  const all = await memory.log.runs('system')
  expect(all.map(({ definition, status }) => `${definition} ${status}`).toSorted()).toEqual([
    'large completed',
    'never cancelled',
    'parent failed',
  ])
})
