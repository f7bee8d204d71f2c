import { anySchema, define, MeepoError, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './index.ts'

/* A run that ends while it counts as waiting: what the store is asked to do with it after its end. */
test('a run that ended because its last child was refused is not given back', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const released: string[] = []
  const { inbox, leases, log } = memory
  const slow: Store['log']['append'] = async (...args) => {
    await new Promise<void>((resolve) => void scheduler.after(5, resolve))
    return log.append(...args)
  }
  const store: Store = {
    ...memory,
    close: () => memory.close(),
    log: { ...log, append: slow },
    leases: {
      ...leases,
      release: (engine, runs) => {
        released.push(...runs.map(({ runId, status }) => `${runId} ${status}`))
        return leases.release(engine, runs)
      },
    },
    inbox: {
      ...inbox,
      deliver: (...args) =>
        args[2].id.startsWith('cancel/')
          ? Promise.reject(new MeepoError('run.ended', 'it has ended'))
          : inbox.deliver(...args),
    },
  }
  const child = define({
    name: 'child',
    input: anySchema,
    run: (ctx) => ctx.step('s', { effect: 'read' }, () => new Promise(() => {})),
  })
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [child],
    run: (ctx) => ctx.child(child, 'one', null),
  })
  const used = { used: 1 }
  const engine = createEmbeddedEngine({ store, machine, memory: { measure: () => ({ ...used, limit: 100 }) } })
  const { runId } = await scheduler.until(engine.start(parent, null))
  await scheduler.advance(1_000)
  await engine.handle(runId).cancel('enough')
  used.used = 85
  await scheduler.advance(5_000)
  expect(released.filter((each) => each.startsWith(runId))).toEqual([])
})
test('the same with idleMs 0', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const released: string[] = []
  const { inbox, leases, log } = memory
  const slow: Store['log']['append'] = async (...args) => {
    await new Promise<void>((resolve) => void scheduler.after(5, resolve))
    return log.append(...args)
  }
  let ending = false
  const store: Store = {
    ...memory,
    close: () => memory.close(),
    log: { ...log, append: slow },
    leases: {
      ...leases,
      release: (engine, runs) => {
        if (ending) released.push(...runs.map(({ runId, status }) => `${runId} ${status}`))
        return leases.release(engine, runs)
      },
    },
    inbox: {
      ...inbox,
      deliver: (...args) => {
        if (!args[2].id.startsWith('cancel/')) return inbox.deliver(...args)
        ending = true
        return Promise.reject(new MeepoError('run.ended', 'it has ended'))
      },
    },
  }
  const child = define({
    name: 'child',
    input: anySchema,
    run: (ctx) => ctx.step('s', { effect: 'read' }, () => new Promise(() => {})),
  })
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [child],
    run: (ctx) => ctx.child(child, 'one', null),
  })
  const engine = createEmbeddedEngine({ store, machine, idleMs: 0 })
  const { runId } = await scheduler.until(engine.start(parent, null))
  await scheduler.advance(1_000)
  await engine.handle(runId).cancel('enough')
  await scheduler.advance(5_000)
  expect((await memory.log.run('system', runId)).status).toBe('cancelled')
  expect(released.filter((each) => each.startsWith(runId))).toEqual([])
})
