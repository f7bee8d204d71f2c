import { anySchema, define, type AnyDefinition, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine, type TestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine, type EmbeddedEngine, type EngineOptions } from './index.ts'

interface Stage {
  readonly machine: TestMachine
  readonly store: Store
  open(definitions: readonly AnyDefinition[], options?: Partial<EngineOptions>): Promise<EmbeddedEngine>
}

function stage(): Stage {
  const machine = createTestMachine({ startAt: 1_700_000_000_000 })
  const store = createMemoryStore({ now: () => machine.scheduler.now() })
  return {
    machine,
    store,
    open: async (definitions, options = {}) => {
      const engine = createEmbeddedEngine({ store, machine, ...options })
      engine.register(...definitions)
      await machine.scheduler.until(engine.begin())
      return engine
    },
  }
}

/** A workflow that works for so many milliseconds, and counts how many do. */
function busyWorkflow(machine: TestMachine): { readonly definition: AnyDefinition; readonly most: () => number } {
  let now = 0
  let most = 0
  const definition = define({
    name: 'busy',
    input: anySchema,
    isWorkflow: true,
    run: (ctx, ms) =>
      ctx.step('work', { effect: 'read' }, async () => {
        most = Math.max(most, ++now)
        await new Promise<void>((resolve) => machine.scheduler.after(Number(ms), resolve))
        now--
        return 'done'
      }),
  })
  return { definition, most: () => most }
}

const statuses = async (store: Store): Promise<readonly string[]> =>
  (await store.log.runs('system')).map(({ status }) => status).toReversed()

test('so many workflows run at once on a store with two engines, and the others follow', async () => {
  const { machine, store, open } = stage()
  const { scheduler } = machine
  const busy = busyWorkflow(machine)
  const engines = [
    await open([busy.definition], { maxConcurrentWorkflows: 3 }),
    await open([busy.definition], { maxConcurrentWorkflows: 3 }),
  ]
  const handles = await scheduler.until(
    Promise.all(Array.from({ length: 12 }, (_, index) => engines[index % 2]!.start(busy.definition, 100))),
  )
  await scheduler.advance(50)
  expect((await statuses(store)).filter((status) => status === 'running')).toHaveLength(3)
  const records = await scheduler.until(Promise.all(handles.map((handle) => handle.result())))
  expect(records.every(({ success }) => success)).toBe(true)
  expect(busy.most()).toBe(3)
  for (const engine of engines) await scheduler.until(engine.stop())
})

test('workflows that wait for a place are taken by priority, then deadline, then age', async () => {
  const { machine, open } = stage()
  const { scheduler } = machine
  const order: unknown[] = []
  const program = define({
    name: 'program',
    input: anySchema,
    isWorkflow: true,
    run: (ctx, name) => ctx.step('work', { effect: 'read' }, async () => order.push(name)),
  })
  const engine = await open([program], { maxConcurrentWorkflows: 1 })
  const later = scheduler.now() + 1_000_000
  const plans = [
    ['old', {}],
    ['young', {}],
    ['late', { limits: { deadlineAt: later + 1 } }],
    ['soon', { limits: { deadlineAt: later } }],
    ['urgent', { priority: 1 }],
  ] as const
  const first = busyWorkflow(machine)
  engine.register(first.definition)
  const handles = await scheduler.until(
    Promise.all([
      engine.start(first.definition, 100, { priority: 9 }),
      ...plans.map(([name, options]) => engine.start(program, name, options)),
    ]),
  )
  await scheduler.until(Promise.all(handles.map((handle) => handle.result())))
  expect(order).toEqual(['urgent', 'soon', 'late', 'old', 'young'])
  await scheduler.until(engine.stop())
})

test('a workflow that waits for a signal gives its place to another, and waits for one again', async () => {
  const { machine, store, open } = stage()
  const { scheduler } = machine
  const asking = define({
    name: 'asking',
    input: anySchema,
    isWorkflow: true,
    run: async (ctx) => ({ heard: await ctx.signalled('answer') }),
  })
  const busy = busyWorkflow(machine)
  const engine = await open([asking, busy.definition], { maxConcurrentWorkflows: 1 })
  const asked = await scheduler.until(engine.start(asking, null))
  await scheduler.advance(10)
  expect((await store.log.run('system', asked.runId)).status).toBe('waiting')
  const other = await scheduler.until(engine.start(busy.definition, 100))
  await scheduler.advance(10)
  await scheduler.until(asked.signal('answer', 'yes'))
  await scheduler.advance(10)
  const found = await Promise.all([asked, other].map(({ runId }) => store.log.run('system', runId)))
  expect(found.map(({ status }) => status)).toEqual(['waiting', 'running'])
  expect((await scheduler.until(asked.result())).result).toEqual({ heard: 'yes' })
  await scheduler.until(engine.stop())
})

test.each([0, 60_000])(
  'a workflow keeps its place while it waits for its children (idle for %i ms)',
  async (idleMs) => {
    const { machine, open } = stage()
    const { scheduler } = machine
    let now = 0
    let most = 0
    const part = define({ name: 'part', input: anySchema, run: (ctx) => ctx.sleep(500).then(() => 1) })
    const whole = define({
      name: 'whole',
      input: anySchema,
      isWorkflow: true,
      uses: [part],
      run: async (ctx) => {
        await ctx.step('begin', { effect: 'read' }, async () => {
          most = Math.max(most, ++now)
          return null
        })
        await Promise.all([ctx.child(part, 'one', null), ctx.child(part, 'two', null)])
        await ctx.step('end', { effect: 'read' }, async () => {
          now--
          return null
        })
        return 'done'
      },
    })
    const engine = await open([whole], { maxConcurrentWorkflows: 2, idleMs })
    const handles = await scheduler.until(Promise.all(Array.from({ length: 6 }, () => engine.start(whole, null))))
    const records = await scheduler.until(Promise.all(handles.map((handle) => handle.result())))
    expect(records.map(({ status }) => status)).toEqual(Array.from({ length: 6 }, () => 'completed'))
    expect(most).toBe(2)
    await scheduler.until(engine.stop())
  },
)

test('a workflow that waits for a place is cancelled without one', async () => {
  const { machine, store, open } = stage()
  const { scheduler } = machine
  const busy = busyWorkflow(machine)
  const engine = await open([busy.definition], { maxConcurrentWorkflows: 1 })
  const long = await scheduler.until(engine.start(busy.definition, 100_000))
  const queued = await scheduler.until(engine.start(busy.definition, 1))
  await scheduler.until(queued.cancel('planned'))
  await scheduler.advance(10)
  const found = await Promise.all([long, queued].map(({ runId }) => store.log.run('system', runId)))
  expect(found.map(({ status }) => status)).toEqual(['running', 'cancelled'])
  await scheduler.until(long.result())
  await scheduler.until(engine.stop())
})

test('other definitions, and workflows below other runs, need no place', async () => {
  const { machine, open } = stage()
  const { scheduler } = machine
  const busy = busyWorkflow(machine)
  const plain = define({ name: 'plain', input: anySchema, run: async () => 'plain' })
  const above = define({
    name: 'above',
    input: anySchema,
    uses: [busy.definition],
    run: (ctx) => ctx.child(busy.definition, 'below', 1),
  })
  const engine = await open([busy.definition, plain, above], { maxConcurrentWorkflows: 1 })
  const long = await scheduler.until(engine.start(busy.definition, 100_000))
  const queued = await scheduler.until(engine.start(busy.definition, 1))
  await scheduler.advance(10)
  for (const definition of [plain, above]) {
    const handle = await scheduler.until(engine.start<unknown, unknown>(definition, null))
    await scheduler.advance(100)
    expect((await handle.record()).status).toBe('completed')
  }
  expect((await queued.record()).status).toBe('queued')
  await scheduler.until(Promise.all([long.result(), queued.result()]))
  await scheduler.until(engine.stop())
})

test('engines remove ended runs when their time is over, each of them once', async () => {
  const { machine, store, open } = stage()
  const { scheduler } = machine
  const child = define({ name: 'child', input: anySchema, run: async () => 1 })
  const kept = define({
    name: 'kept',
    input: anySchema,
    uses: [child],
    retention: { completedMs: 600_000, failedMs: 1_200_000 },
    run: async (ctx, isBad) => {
      await ctx.child(child, 'one', null)
      if (isBad === true) throw new Error('planned')
      return 'done'
    },
  })
  const forEver = define({ name: 'for-ever', input: anySchema, run: async () => 1 })
  const engines = [await open([kept, forEver]), await open([kept, forEver])]
  const start = async (definition: AnyDefinition, input: unknown): Promise<string> => {
    const handle = await scheduler.until(engines[0]!.start(definition, input))
    await scheduler.until(handle.result())
    return handle.runId
  }
  const good: string[] = []
  for (let index = 0; index < 251; index++) good.push(await start(kept, false))
  const bad = await start(kept, true)
  const always = await start(forEver, null)
  const names = async (): Promise<readonly string[]> =>
    (await store.log.runs('system')).filter(({ parent }) => parent === undefined).map(({ runId }) => runId)
  await scheduler.advance(500_000)
  expect(await names()).toHaveLength(253)
  await scheduler.advance(200_000)
  expect(await names()).toEqual([always, bad])
  await scheduler.advance(600_000)
  expect((await store.log.runs('system')).map(({ runId }) => runId)).toEqual([always])
  await expect(engines[1]!.handle(good[0]!).result()).rejects.toMatchObject({ code: 'run.not_found' })
  await expect(engines[1]!.handle(bad).stream()[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'run.not_found',
  })
  for (const engine of engines) await scheduler.until(engine.stop())
  await scheduler.advance(200_000)
})

test('a store that fails is told of, and retention goes on', async () => {
  const { machine, store, open } = stage()
  const { scheduler } = machine
  let failures = 2
  const prune: Store['log']['prune'] = (scope, options) =>
    failures-- > 0 ? Promise.reject(new Error('planted')) : store.log.prune(scope, options)
  const quick = define({ name: 'quick', input: anySchema, retention: { completedMs: 1 }, run: async () => 1 })
  const notices: string[] = []
  const engine = await open([quick], {
    store: { ...store, log: { ...store.log, prune } },
    onNotice: ({ message }) => void notices.push(message),
  })
  const handle = await scheduler.until(engine.start(quick, null))
  await scheduler.until(handle.result())
  await scheduler.advance(130_000)
  expect(notices).toEqual(['planted', 'planted'])
  await expect(handle.record()).rejects.toMatchObject({ code: 'run.not_found' })
  await scheduler.until(engine.stop())
})
