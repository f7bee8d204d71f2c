import { anySchema, define } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { Pause } from '../test/stopped-process.ts'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/*
 * The cancel of a child waits until the engine is certain that the parent is its own. Meanwhile the parent does not only wait:
 * given back as waiting, it would sleep on, and the child would never hear of the cancel.
 */

const child = define({ name: 'child', input: anySchema, run: (ctx) => ctx.signalled('never') })

function world(which: { append?: boolean }) {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const pause = new Pause()
  const lookPause = new Pause()
  const { log, leases } = memory
  const store = storeWith(memory, {
    log: which.append === true ? { append: pause.readLater(log.append) } : {},
    leases: { beat: pause.readLater(leases.beat), engines: lookPause.readLater(leases.engines) },
  })
  return { machine, scheduler, memory, store, pause, lookPause }
}

test('after a pause with a beat under way a cancelled child hears of it before its parent is evicted', async () => {
  const { machine, scheduler, memory, store, pause } = world({ append: true })
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [child],
    run: async (ctx) => {
      const one = ctx.child(child, 'one', null)
      await ctx.sleep(950)
      await ctx.cancel(one, 'not needed')
      return 'done'
    },
  })
  const engine = createEmbeddedEngine({ store, machine })
  const { runId } = await scheduler.until(engine.start(parent, null))
  await scheduler.advance(900)
  // Stopped here: what it sent before and while it was stopped is answered when it goes on. Nobody else is there.
  const goOn = pause.begin()
  await scheduler.advance(12_000)
  goOn()
  await scheduler.advance(120_000)
  const all = await memory.log.runs('system')
  expect(all.map(({ definition, status }) => `${definition} ${status}`).toSorted()).toEqual([
    'child cancelled',
    'parent completed',
  ])
  expect(runId).toBeDefined()
})

test('of an engine that stops behind slow beats, the next one cancels the child of a run that ends', async () => {
  const { machine, scheduler, memory, store, pause, lookPause } = world({})
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [child],
    run: (ctx) => ctx.child(child, 'one', null),
  })
  const first = createEmbeddedEngine({ store, machine })
  const handle = await scheduler.until(first.start(parent, null))
  await scheduler.advance(2_500)
  // Beats hang for a while, nothing else does.
  const beatsGoOn = pause.begin()
  await scheduler.advance(6_000)
  await handle.cancel('enough')
  await scheduler.advance(50)
  expect((await memory.log.read('system', handle.runId)).at(-1)?.type).toBe('run.ending')
  // The next beat is fast again, and what comes behind it takes a while.
  beatsGoOn()
  const look = lookPause.begin()
  await scheduler.advance(200)
  look()
  const lookAgain = lookPause.begin()
  await scheduler.advance(1_500)
  const stopped = first.stop({ graceMs: 0 })
  await scheduler.advance(100)
  lookAgain()
  await scheduler.until(stopped)
  const second = createEmbeddedEngine({ store: memory, machine })
  second.register(parent)
  await scheduler.until(second.begin())
  await scheduler.advance(120_000)
  const all = await memory.log.runs('system')
  expect(all.map(({ definition, status }) => `${definition} ${status}`).toSorted()).toEqual([
    'child cancelled',
    'parent cancelled',
  ])
})
