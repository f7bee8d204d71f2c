import {
  anySchema,
  define,
  MeepoError,
  type CheckpointPolicy,
  type Definition,
  type Json,
  type Store,
} from '@meepo/core'
import { createCheckpoints, type Archive } from '@meepo/core/archive'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './engine.ts'

/** A disk that is slow to answer: nothing is durable before `ms` have passed. */
function slow(store: Store, wait: () => Promise<void>): Store {
  const append: Store['log']['append'] = async (scope, request) => {
    const grants = await store.log.append(scope, request)
    await wait()
    return grants
  }
  return { ...store, log: { ...store.log, append } }
}

function open(diskMs = 0) {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const wait = (): Promise<void> => new Promise((resolve) => scheduler.after(diskMs, () => resolve()))
  const store = diskMs > 0 ? slow(memory, wait) : memory
  const engine = createEmbeddedEngine({ store, machine })
  const objects = new Map<string, string>()
  const archive: Archive = {
    put: async (name, text) => (objects.set(name, text), 'written'),
    get: async (name) => {
      const text = objects.get(name)
      if (text === undefined) throw new MeepoError('archive.not_found', name)
      return text
    },
    async *list() {
      for (const [name, text] of objects) yield { name, bytes: text.length, at: 0 }
    },
    delete: async (name) => void objects.delete(name),
    close: async () => {},
  }
  const checkpoints = createCheckpoints({ store, machine, archive: async () => archive })
  return { engine, scheduler, store, checkpoints }
}

type Stage = ReturnType<typeof open>

const meta = { model: { kind: 'model' }, tool: { kind: 'tool', tool: 't' }, plain: {} } as const

/** One step after the other; each says when its body began. */
function steps(kinds: readonly (keyof typeof meta)[], began: number[], now: () => number): Definition<Json, Json> {
  return define<Json, Json>({
    name: 'steps',
    // Takes anything that is JSON.
    input: anySchema as Definition<Json, Json>['input'],
    run: async (ctx) => {
      for (const kind of kinds) {
        await ctx.step(kind, { effect: 'read', meta: meta[kind] }, async () => {
          began.push(now())
          return kind
        })
      }
      return 'done'
    },
  })
}

async function run(stage: Stage, kinds: readonly (keyof typeof meta)[], checkpoints?: CheckpointPolicy) {
  const { scheduler, engine } = stage
  const began: number[] = []
  const definition = steps(kinds, began, () => scheduler.now())
  const options = checkpoints ? { checkpoints } : {}
  const handle = await scheduler.until(engine.start(definition, null, options))
  await scheduler.until(handle.result())
  const [first = 0] = began
  return { runId: handle.runId, began: began.map((at) => Math.round(at - first)) }
}

test('what only reads runs ahead of the disk, unless each step is to be durable before the next', async () => {
  const kinds = ['plain', 'tool', 'plain', 'model', 'plain'] as const
  expect((await run(open(50), kinds)).began).toEqual([0, 0, 0, 0, 0])
  expect((await run(open(50), kinds, { every: 'turn' })).began).toEqual([0, 0, 0, 0, 0])
  expect((await run(open(50), kinds, { every: 'tool' })).began).toEqual([0, 0, 50, 50, 50])
  expect((await run(open(50), kinds, { every: 'step' })).began).toEqual([0, 50, 100, 150, 200])
})

test('with every tool, what was under way beside it is waited for too', async () => {
  const stage = open(50)
  const { scheduler, engine } = stage
  const began: number[] = []
  const definition = define<Json, Json>({
    name: 'wide',
    // Takes anything that is JSON.
    input: anySchema as Definition<Json, Json>['input'],
    checkpoints: { every: 'tool' },
    run: async (ctx) => {
      const tool = ctx.step('tool', { effect: 'read', meta: meta.tool }, async () => 'tool')
      const other = ctx.step('other', { effect: 'read' }, async () => 'other')
      await tool
      await other
      await ctx.step('after', { effect: 'read' }, async () => began.push(scheduler.now()))
      return null
    },
  })
  const startedAt = scheduler.now()
  const handle = await scheduler.until(engine.start(definition, null))
  await scheduler.until(handle.result())
  expect((began[0] ?? 0) - startedAt).toBeGreaterThanOrEqual(50)
})

const talk = ['model', 'tool', 'tool', 'model', 'plain'] as const

test.each([
  [undefined, ['start', 'model', 'tool', 'tool', 'model', 'plain']],
  ['step', ['start', 'model', 'tool', 'tool', 'model', 'plain']],
  ['tool', ['start', 'tool', 'tool']],
  ['turn', ['start', 'tool', 'plain']],
] as const)('with every %s the checkpoints are %j', async (every, names) => {
  const stage = open()
  const { runId } = await run(stage, talk, every && { every })
  const points = await stage.scheduler.until(stage.checkpoints.list(runId))
  expect(points.map(({ name }) => name)).toEqual(names)
  const followed = await stage.scheduler.until(Array.fromAsync(stage.checkpoints.follow(runId, { afterSeq: 3 })))
  expect(followed).toEqual(points.slice(1))
  const last = points.at(-1)
  expect(await stage.scheduler.until(stage.checkpoints.last(runId))).toEqual(last)
  if (every === undefined) expect(last).toMatchObject({ iterations: 2, toolResults: 2, messages: 5 })
})

test('chance is shared up to the checkpoint and differs behind it, and a fork replays itself', async () => {
  const stage = open()
  const { scheduler, engine, checkpoints, store } = stage
  const random = define<Json, Json>({
    name: 'random',
    // Takes anything that is JSON.
    input: anySchema as Definition<Json, Json>['input'],
    run: async (ctx) => {
      const seen: Json[] = [ctx.random()]
      for (const name of ['a', 'b', 'c']) {
        await ctx.step(name, { effect: 'read' }, async () => name)
        seen.push(ctx.uuid())
      }
      return seen
    },
  })
  const handle = await scheduler.until(engine.start(random, null))
  const { result } = await scheduler.until(handle.result())
  const all = result as readonly Json[]
  const points = await scheduler.until(checkpoints.list(handle.runId))
  for (const [index, { id }] of points.entries()) {
    const runId = await scheduler.until(checkpoints.fork(id))
    const forked = await scheduler.until(engine.handle(runId).result())
    const seen = forked.result as readonly Json[]
    expect(seen.slice(0, index)).toEqual(all.slice(0, index))
    for (const [at, value] of seen.entries()) if (at >= index) expect(value).not.toEqual(all[at])
    // A process that dies right before the end replays all of it.
    const log = await store.log.read('system', runId)
    const again = await replayed(random, log.slice(0, -1))
    expect(again).toEqual(forked.result)
  }
})

async function replayed(definition: Definition<Json, Json>, log: readonly object[]): Promise<unknown> {
  const { engine, scheduler, store } = open()
  const run = { runId: 'again', tenant: 'default', definition: definition.name, version: '1', sessionId: 'again' }
  // A log that another store held.
  const events = log.map((event) => ({ ...event })) as never
  await store.log.create('system', { ...run, priority: 0, fingerprint: '' }, events)
  engine.register(definition)
  await scheduler.until(engine.begin())
  return (await scheduler.until(engine.handle('again').result())).result
}
