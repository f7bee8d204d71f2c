import { anySchema, define, MeepoError, type Json, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/*
 * The store does what it was asked, or does not, and the answer is an error: what an engine was told once is not told again.
 */

/** An engine on a store of which one call fails: before it did anything, or after. */
function faulty() {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const failures: { method: string; when: 'before' | 'after'; error: MeepoError; count: number }[] = []
  const failing = <A extends readonly unknown[], T>(method: string, call: (...args: A) => Promise<T>) => {
    return async (...args: A): Promise<T> => {
      const failure = failures.find((one) => one.method === method && one.count > 0)
      if (failure) failure.count--
      if (failure?.when === 'before') throw failure.error
      const value = await call(...args)
      if (failure) throw failure.error
      return value
    }
  }
  const { log, leases, inbox } = memory
  const store = storeWith(memory, {
    log: { create: failing('create', log.create), append: failing('append', log.append) },
    leases: {
      join: failing('join', leases.join),
      claim: failing('claim', leases.claim),
      take: failing('take', leases.take),
      owned: failing('owned', leases.owned),
    },
    inbox: { deliver: failing('deliver', inbox.deliver), pending: failing('pending', inbox.pending) },
  })
  const engine = createEmbeddedEngine({ store, machine, beatMs: 1_000, missedBeats: 3 })
  const fail = (
    method: string,
    when: 'before' | 'after',
    code: 'store.failed' | 'store.disk_full',
    count = 1,
  ): void => {
    failures.push({ method, when, error: new MeepoError(code, 'the connection broke'), count })
  }
  const statusOf = async (runId: string): Promise<string> => (await memory.log.run('system', runId)).status
  return { scheduler, memory, engine, fail, statusOf }
}

const quick = define({ name: 'quick', input: anySchema, run: async () => 'done' })
const waits = define({ name: 'waits', input: anySchema, run: (ctx) => ctx.signalled<Json>('go') })
const parent = define({
  name: 'parent',
  input: anySchema,
  uses: [waits],
  run: async (ctx) => {
    const child = ctx.child(waits, 'child', null)
    await ctx.sleep(100)
    await ctx.cancel(child, 'no longer wanted')
    return 'done'
  },
})

test('mail whose reading failed is read at the next tick', async () => {
  const { scheduler, engine, fail } = faulty()
  const handle = await scheduler.until(engine.start(waits, null))
  await scheduler.advance(50)
  fail('pending', 'before', 'store.failed')
  await handle.signal('go', 1)
  expect(await scheduler.until(handle.result())).toMatchObject({ status: 'completed', result: 1 })
})

test.each(['before', 'after'] as const)(
  'a child whose cancel failed is cancelled all the same: the store failed %s it took it',
  async (when) => {
    const { scheduler, engine, memory, fail } = faulty()
    const handle = await scheduler.until(engine.start(parent, null))
    await scheduler.advance(50)
    fail('deliver', when, 'store.failed')
    expect(await scheduler.until(handle.result())).toMatchObject({ status: 'completed' })
    const [child] = await memory.log.runs('system', { parent: handle.runId })
    expect(child?.status).toBe('cancelled')
  },
)

test('a run that was created though its start failed is driven', async () => {
  const { scheduler, engine, memory, fail, statusOf } = faulty()
  await scheduler.until(engine.begin())
  fail('create', 'after', 'store.failed', 2)
  await expect(scheduler.until(engine.start(quick, null))).rejects.toMatchObject({ code: 'store.failed' })
  await expect(scheduler.until(engine.start(quick, null, { runId: 'named' }))).rejects.toThrow('broke')
  await scheduler.advance(600)
  expect((await memory.log.runs('system')).map(({ status }) => status)).toEqual(['completed', 'completed'])
  expect(await statusOf('named')).toBe('completed')
})

test('a run whose creation went through only after the connection broke is driven half a minute later', async () => {
  const { scheduler, engine, memory, fail, statusOf } = faulty()
  await scheduler.until(engine.begin())
  fail('create', 'before', 'store.failed')
  await expect(scheduler.until(engine.start(quick, null))).rejects.toMatchObject({ code: 'store.failed' })
  await scheduler.advance(1_000)
  const run = { runId: 'late', tenant: 'default', definition: 'quick', version: '1' }
  const created = await memory.log.run('system', (await scheduler.until(engine.start(quick, null))).runId)
  const [first] = await memory.log.read('system', created.runId)
  if (first?.type !== 'run.created') throw new Error('a log begins with its creation')
  const whole = { ...run, sessionId: 's', priority: 0, fingerprint: 'f' }
  await memory.log.create(
    { tenant: 'default' },
    whole,
    [{ type: first.type, at: first.at, data: first.data }],
    engine.id,
  )
  await scheduler.advance(20_000)
  expect(await statusOf('late')).toBe('running')
  await scheduler.advance(12_000)
  expect(await statusOf('late')).toBe('completed')
})

test('a child that was created though nobody was told is driven', async () => {
  const { scheduler, engine, memory, fail } = faulty()
  await scheduler.until(engine.begin())
  const handle = await scheduler.until(engine.start(parent, null))
  fail('create', 'after', 'store.failed')
  await scheduler.advance(2_000)
  const [child] = await memory.log.runs('system', { parent: handle.runId })
  expect(child?.status).toBe('cancelled')
  expect(await scheduler.until(handle.result())).toMatchObject({ status: 'completed' })
})

test('runs that were claimed though the answer got lost are driven, also when the store cannot say at first what is owned', async () => {
  const { scheduler, engine, fail, statusOf } = faulty()
  engine.register(quick)
  await scheduler.until(engine.begin())
  fail('claim', 'after', 'store.failed')
  fail('owned', 'before', 'store.failed')
  await scheduler.until(engine.start(quick, null, { runId: 'queued', isQueued: true }))
  await scheduler.advance(1_000)
  expect(await statusOf('queued')).toBe('completed')
})

test('a claim that was refused is asked for again, though nobody tells of the work a second time', async () => {
  const { scheduler, engine, fail, statusOf } = faulty()
  engine.register(quick)
  await scheduler.until(engine.begin())
  fail('claim', 'before', 'store.disk_full', 2)
  await scheduler.until(engine.start(quick, null, { runId: 'queued', isQueued: true }))
  await scheduler.advance(1_000)
  expect(await statusOf('queued')).toBe('completed')
})

test.each(['before', 'after'] as const)(
  'a run that was given up is driven again, also when the store fails %s it gave it once more',
  async (when) => {
    const { scheduler, engine, memory, fail } = faulty()
    const handle = await scheduler.until(engine.start(waits, null))
    await scheduler.advance(50)
    fail('append', 'after', 'store.failed')
    fail('take', when, 'store.failed')
    await handle.signal('go', 1)
    await scheduler.advance(2_000)
    expect(await scheduler.until(handle.result())).toMatchObject({ status: 'completed', result: 1 })
    const types = (await memory.log.read('system', handle.runId)).map(({ type }) => type)
    expect(types.filter((type) => type === 'signal.received')).toHaveLength(1)
  },
)

test('what is owned is asked for once, however many runs end meanwhile', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const after = (ms: number): Promise<void> => new Promise((resolve) => void scheduler.after(ms, resolve))
  const { owned, claim } = memory.leases
  let isLost = true
  let recounts = 0
  const leases: Partial<Store['leases']> = {
    claim: async (...args) => {
      const claims = await claim(...args)
      if (!isLost) return claims
      isLost = false
      throw new MeepoError('store.failed', 'the connection broke')
    },
    owned: async (engine) => {
      recounts++
      const claims = await owned(engine)
      await after(30)
      return claims
    },
  }
  const brief = define({
    name: 'brief',
    input: anySchema,
    run: (ctx) => ctx.step('work', { effect: 'read' }, () => after(20)),
  })
  const engine = createEmbeddedEngine({ store: storeWith(memory, { leases }), machine })
  for (let count = 0; count < 500; count++) {
    await scheduler.until(engine.start(brief, null))
    await scheduler.advance(10)
  }
  expect(recounts).toBe(1)
})

test('an engine that could not join at once beats once a second all the same', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const { nextWakeAt, beat } = memory.leases
  let isDown = true
  let beats = 0
  const leases: Partial<Store['leases']> = {
    nextWakeAt: () => (isDown ? Promise.reject(new MeepoError('store.failed', 'no answer')) : nextWakeAt()),
    beat: (engine) => {
      beats++
      return beat(engine)
    },
  }
  const engine = createEmbeddedEngine({ store: storeWith(memory, { leases }), machine })
  await expect(scheduler.until(engine.begin())).rejects.toThrow('no answer')
  isDown = false
  await scheduler.until(engine.begin())
  await scheduler.advance(10_500)
  expect(beats).toBe(10)
})

test('an engine that was taken for dead and cannot join at once joins later', async () => {
  const { scheduler, engine, memory, fail, statusOf } = faulty()
  engine.register(quick)
  await scheduler.until(engine.begin())
  const [self] = await memory.leases.engines()
  await memory.leases.takeOver(self?.engine ?? '', self?.beat ?? -1)
  fail('join', 'before', 'store.failed')
  await scheduler.advance(3_000)
  await memory.log.create(
    'system',
    {
      runId: 'queued',
      tenant: 'default',
      definition: 'quick',
      version: '1',
      sessionId: 'queued',
      priority: 0,
      fingerprint: '',
    },
    [
      {
        type: 'run.created',
        at: 0,
        data: {
          definition: 'quick',
          version: '1',
          input: { value: null },
          tenant: 'default',
          sessionId: 'queued',
          limits: { activeMs: 1_000 },
          priority: 0,
        },
      },
    ],
  )
  await scheduler.advance(3_000)
  expect(await statusOf('queued')).toBe('completed')
})
