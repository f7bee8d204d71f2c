import { anySchema, define, MeepoError } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/*
 * A run that ends while it counts as waiting: the refusal of its last child comes when it has no room, and its last append takes a
 * while.
 */
function refusingWorld() {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  /** What was given back since the cancel of a child was refused. */
  const released: string[] = []
  let isRefused = false
  const { inbox, leases, log } = memory
  const store = storeWith(memory, {
    log: {
      append: async (...args) => {
        await new Promise<void>((resolve) => void scheduler.after(5, resolve))
        return log.append(...args)
      },
    },
    leases: {
      release: (engine, runs) => {
        if (isRefused) released.push(...runs.map(({ runId }) => runId))
        return leases.release(engine, runs)
      },
    },
    inbox: {
      deliver: (...args) => {
        if (!args[2].id.startsWith('cancel/')) return inbox.deliver(...args)
        isRefused = true
        return Promise.reject(new MeepoError('run.ended', 'it has ended'))
      },
    },
  })
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
  return { machine, scheduler, memory, store, released, parent }
}

test('a run that ended because its last child was refused is not given back', async () => {
  const { machine, scheduler, memory, store, released, parent } = refusingWorld()
  const engine = createEmbeddedEngine({ store, machine, idleMs: 0 })
  const { runId } = await scheduler.until(engine.start(parent, null))
  await scheduler.advance(1_000)
  await engine.handle(runId).cancel('enough')
  await scheduler.advance(5_000)
  expect((await memory.log.run('system', runId)).status).toBe('cancelled')
  expect(released).not.toContain(runId)
})
