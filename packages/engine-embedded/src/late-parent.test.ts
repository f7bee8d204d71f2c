import { anySchema, define } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

test('an engine that was stopped brings no child back whose parent another one has cancelled', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  let goOn = (): void => undefined
  const pause = new Promise<void>((resolve) => (goOn = resolve))
  const { log, leases } = memory
  let asked = 0
  /** Its answers are read when the process goes on. */
  const store = storeWith(memory, {
    log: {
      create: async (...args) => {
        const created = await log.create(...args)
        asked++
        await pause
        return created
      },
    },
    leases: {
      beat: async (engine) => {
        await pause
        return leases.beat(engine)
      },
    },
  })
  const child = define({ name: 'child', input: anySchema, run: (ctx) => ctx.signalled('never') })
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [child],
    run: (ctx) => Promise.race([ctx.child(child, 'one', null), ctx.signalled('news')]),
  })
  const begun = createEmbeddedEngine({ store: memory, machine })
  const { runId } = await scheduler.until(begun.start(parent, null))
  await scheduler.advance(1_000)
  await scheduler.until(begun.stop())
  const stopped = createEmbeddedEngine({ store, machine })
  stopped.register(parent)
  await scheduler.until(stopped.begin())
  await memory.inbox.deliver('system', runId, {
    id: 'x',
    kind: 'resolve',
    data: { step: 99, resolution: { kind: 'not_done' } },
  })
  await scheduler.advance(500)
  expect(asked).toBe(1)
  const next = createEmbeddedEngine({ store: memory, machine })
  next.register(parent)
  await scheduler.until(next.begin())
  await scheduler.advance(10_000)
  await scheduler.until(next.handle(runId).cancel('enough'))
  await scheduler.until(next.handle(runId).result())
  goOn()
  await scheduler.advance(100)
  const runs = await memory.log.runs('system')
  expect(runs.map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
})
