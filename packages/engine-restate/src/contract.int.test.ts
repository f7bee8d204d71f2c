// What both engines have in common, sentence by sentence of the contract: on real time, a memory store and a Restate cluster.

import { anySchema, define, MeepoError, type AnyDefinition, type LogEvent, type Store } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import { createEmbeddedEngine, createNodeMachine, type EmbeddedEngine } from '@meepo/engine-embedded'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { dyingStore, mortalDispatcher, mortalMachine, mortalStore, type Life } from '@meepo/engine-embedded/testing'
import { createRestateDispatcher } from './index.ts'
import { startRestateServer, type RestateServer } from './testing/index.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

let server: RestateServer
let worlds = 0
const lives: Life[] = []
const engines: EmbeddedEngine[] = []

beforeAll(async () => {
  server = await startRestateServer()
})
afterAll(() => server.remove())
afterEach(async () => {
  const alive = engines.splice(0).filter((_, index) => lives[index]?.isDead !== true)
  await Promise.all(alive.map((engine) => engine.stop({ graceMs: 0, hardLimitMs: 0 })))
  for (const life of lives.splice(0)) life.isDead = true
})

interface World {
  readonly store: Store
  open(definitions: readonly AnyDefinition[], change?: (store: Store, life: Life) => Store): EmbeddedEngine
}

function world(isOnRestate: boolean): World {
  const store = createMemoryStore()
  const namespace = `contract${++worlds}`
  const { ingressUrl, adminUrl } = server
  return {
    store,
    open: (definitions, change = (same) => same) => {
      const life: Life = { isDead: false }
      const dispatcher = isOnRestate && createRestateDispatcher({ ingressUrl, namespace, worker: { adminUrl } })
      const engine = createEmbeddedEngine({
        store: mortalStore(change(store, life), life),
        machine: mortalMachine(createNodeMachine(), life),
        idleMs: 0,
        beatMs: 25,
        missedBeats: 4,
        ...(dispatcher ? { dispatcher: mortalDispatcher(dispatcher, life) } : {}),
      })
      engine.register(...definitions)
      lives.push(life)
      engines.push(engine)
      return engine
    },
  }
}

/** What a log tells but for times, ids and chance. */
function told(events: readonly LogEvent[]): unknown[] {
  return events.map(({ seq, type, data }) => {
    const { number, name, attempt, result } = data as Record<string, unknown>
    return [seq, type, number, name, attempt, result]
  })
}

const denies = (): Promise<never> => Promise.reject(new MeepoError('tool.denied', 'no'))

const branches = define({
  name: 'branches',
  input: anySchema,
  run: async (ctx) => {
    const seen: string[] = []
    const hop = async (): Promise<void> => {
      for (let left = Math.floor(ctx.random() * 8); left > 0; left--) await Promise.resolve()
    }
    const branch = async (name: string): Promise<string> => {
      for (let index = 0; index < 5; index++) {
        await hop()
        seen.push(await ctx.step(`${name}${index}`, { effect: 'idempotent' }, async () => `${name}${index}`))
        await hop()
        if (index === 2) await ctx.sleep(1)
      }
      return name
    }
    await Promise.all(['a', 'b', 'c'].map(branch))
    return seen
  },
})

test('the order that code sees is that of the log, over eviction and replay, with branches that hop as they like', async () => {
  const { store, open } = world(true)
  const engine = open([branches])
  const handles = await Promise.all(Array.from({ length: 20 }, () => engine.start(branches, null)))
  for (const handle of handles) {
    const record = await handle.result()
    expect(record.error).toBeUndefined()
    const events = await store.log.read('system', handle.runId)
    const delivered = events.flatMap((event) =>
      event.type === 'step.completed' && 'value' in event.data.result ? [event.data.result.value] : [],
    )
    expect(record.result).toEqual(delivered)
    expect(delivered).toHaveLength(15)
  }
})

test('results, order, numbers and events are the same on both engines', async () => {
  const part = define({
    name: 'part',
    input: anySchema,
    run: (ctx) => ctx.step('part', { effect: 'read' }, async () => 'part'),
  })
  const both = define({
    name: 'both',
    input: anySchema,
    uses: [part],
    run: async (ctx) => {
      const first = await ctx.step(
        'flaky',
        { effect: 'read', retry: { maxAttempts: 2, initialMs: 1, factor: 1, maxMs: 1 } },
        async ({ count }) => {
          if (count === 1) throw new MeepoError('tool.failed', 'once', { retryable: true })
          return count
        },
      )
      await ctx.sleep(1)
      const child = await ctx.child(part, 'one', null)
      const denied = await ctx.step('denied', { effect: 'read' }, denies).catch(() => 'denied')
      return [first, child, denied, await ctx.signalled('go')]
    },
  })
  const logs = await Promise.all(
    [false, true].map(async (isOnRestate) => {
      const { store, open } = world(isOnRestate)
      const engine = open([both])
      const handle = await engine.start(both, null)
      await handle.signal('go', 'gone')
      expect(await handle.result()).toMatchObject({ success: true, result: [2, 'part', 'denied', 'gone'] })
      return told(await store.log.read('system', handle.runId)).filter(
        (event) => !JSON.stringify(event).includes('signal.received'),
      )
    }),
  )
  expect(logs[1]?.map((event) => (event as unknown[]).slice(1))).toEqual(
    logs[0]?.map((event) => (event as unknown[]).slice(1)),
  )
})

test('killed behind the insert of a result that cannot be repeated, before the cluster hears of it: the output is what the log holds', async () => {
  const { store, open } = world(true)
  let bodies = 0
  const chance = define({
    name: 'chance',
    input: anySchema,
    run: async (ctx) => {
      const drawn = await ctx.step('draw', { effect: 'once' }, async () => `${++bodies} ${Math.random()}`)
      await ctx.sleep(1)
      return drawn
    },
  })
  // Of this run the first write is its start, the second its result.
  open([chance], (whole, life) => dyingStore(whole, life, 2, true))
  const handle = await engines[0]!.start(chance, null)
  await vi.waitUntil(() => lives[0]?.isDead === true)
  open([chance])
  await engines[1]!.begin()
  const { result } = await engines[1]!.handle(handle.runId).result()
  const events = await store.log.read('system', handle.runId)
  const completed = events.filter(({ type }) => type === 'step.completed')
  expect(completed).toMatchObject([{ data: { result: { value: result } } }])
  expect(bodies).toBe(1)
})

test('killed before the insert: the step is unknown, and no second body begins by itself', async () => {
  const { store, open } = world(true)
  let bodies = 0
  const effect = define({
    name: 'effect',
    input: anySchema,
    run: (ctx) => ctx.step('do', { effect: 'once' }, async () => ++bodies),
  })
  open([effect], (whole, life) => dyingStore(whole, life, 2, false))
  const handle = await engines[0]!.start(effect, null)
  await vi.waitUntil(() => lives[0]?.isDead === true)
  open([effect])
  await engines[1]!.begin()
  await vi.waitUntil(
    async () => (await store.log.read('system', handle.runId)).some(({ type }) => type === 'step.unknown'),
    { timeout: 20_000 },
  )
  await engines[1]!.handle(handle.runId).resolve(1, { kind: 'done', result: 'done' })
  expect((await engines[1]!.handle(handle.runId).result()).result).toBe('done')
  expect(bodies).toBe(1)
})

test('what has no body is durable before the run waits', async () => {
  const { store, open } = world(true)
  const telling = define({
    name: 'telling',
    input: anySchema,
    run: async (ctx) => {
      ctx.report({ message: 'before the wait' })
      return ctx.signalled('go')
    },
  })
  const engine = open([telling])
  const handle = await engine.start(telling, null)
  await vi.waitUntil(async () => (await store.log.run('system', handle.runId)).status === 'waiting')
  const types = (await store.log.read('system', handle.runId)).map(({ type }) => type)
  expect(types).toContain('progress.reported')
  expect(types.at(-1)).toBe('signal.awaited')
})

test('a run goes on under the other kind of engine on the same store', async () => {
  const { store, open } = world(true)
  const waiting = define({
    name: 'waiting',
    input: anySchema,
    run: async (ctx) => [await ctx.step('one', { effect: 'read' }, async () => 1), await ctx.signalled('go')],
  })
  const onRestate = open([waiting])
  const handle = await onRestate.start(waiting, null)
  await vi.waitUntil(async () => (await store.log.run('system', handle.runId)).status === 'waiting')
  await onRestate.stop()
  const embedded = createEmbeddedEngine({ store })
  embedded.register(waiting)
  await embedded.begin()
  await embedded.handle(handle.runId).signal('go', 2)
  expect((await embedded.handle(handle.runId).result()).result).toEqual([1, 2])
  await embedded.stop()
})

test('a result of 40 MB never reaches the cluster', async () => {
  const { open } = world(true)
  const large = define({
    name: 'large',
    input: anySchema,
    run: (ctx) => ctx.step('large', { effect: 'read' }, async () => 'x'.repeat(40 * 1024 * 1024)),
  })
  const handle = await open([large]).start(large, null)
  expect((await handle.result()).error?.code).toBe('result.too_large')
})
