import { anySchema, define } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/*
 * An engine that is taken for dead while it waits for the store to give it a run: all its rooms were emptied then, so the one
 * that it took for this run is not to be given back.
 */

/** An engine with one room on a store during whose call it is taken for dead: before the call does anything, or after. */
function world(when: 'before' | 'after') {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const after = (ms: number): Promise<void> => new Promise((resolve) => void scheduler.after(ms, resolve))
  const life = { isArmed: false }
  const die = async (): Promise<void> => {
    for (const { engine: id, beat } of await memory.leases.engines()) await memory.leases.takeOver(id, beat)
    // Until then it has joined again.
    await after(3_000)
  }
  const dying =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      if (!life.isArmed) return call(...args)
      life.isArmed = false
      if (when === 'before') await die()
      const result = await call(...args)
      if (when === 'after') await die()
      return result
    }
  const { log, leases } = memory
  const create = dying(log.create)
  const store = storeWith(memory, {
    log: {
      create: (...args) => (args[1].runId === 'first' || args[1].parent ? create(...args) : log.create(...args)),
    },
    leases: { adopt: dying(leases.adopt) },
  })
  let open = 0
  const held = define({
    name: 'held',
    input: anySchema,
    run: (ctx) =>
      ctx.step('hold', { effect: 'read' }, async (step) => {
        open++
        await new Promise((resolve) => step.signal.addEventListener('abort', resolve))
        open--
      }),
  })
  const engine = createEmbeddedEngine({ store, machine, concurrency: 1 })
  engine.register(held)
  /** How many runs do something at once when there are many. */
  const most = async (): Promise<number> => {
    for (let count = 0; count < 4; count++) await scheduler.until(engine.start(held, null, { isQueued: true }))
    await scheduler.advance(5_000)
    return open
  }
  return { scheduler, memory, engine, held, life, most }
}

test.each(['before', 'after'] as const)('while a run is created: %s the store did it', async (when) => {
  const { scheduler, engine, held, life, most } = world(when)
  await scheduler.until(engine.begin())
  life.isArmed = true
  const started = engine.start(held, null, { runId: 'first' })
  await scheduler.until(Promise.allSettled([started]))
  expect(await most()).toBe(1)
})

test.each(['before', 'after'] as const)('while a child is created: %s the store did it', async (when) => {
  const { scheduler, engine, held, life, most } = world(when)
  const parent = define({ name: 'parent', input: anySchema, run: (ctx) => ctx.child(held, 'child', null) })
  await scheduler.until(engine.begin())
  life.isArmed = true
  await scheduler.until(engine.start(parent, null))
  await scheduler.advance(5_000)
  expect(life.isArmed).toBe(false)
  expect(await most()).toBe(1)
})

test.each(['before', 'after'] as const)('while a run is taken to be ended: %s the store did it', async (when) => {
  const { scheduler, memory, engine, life, most } = world(when)
  const gone = define({ name: 'gone', input: anySchema, run: (ctx) => ctx.signalled('go') })
  const owner = createEmbeddedEngine({ store: memory, machine: engine.machine })
  const { runId } = await scheduler.until(owner.start(gone, null))
  await scheduler.until(owner.stop())
  await scheduler.until(engine.begin())
  life.isArmed = true
  await engine.handle(runId).cancel('gone')
  await scheduler.advance(20_000)
  expect((await memory.log.run('system', runId)).status).toBe('cancelled')
  expect(await most()).toBe(1)
})
