import { anySchema, define, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { buildRoads } from '../test/roads.ts'
import { createEmbeddedEngine } from './index.ts'

/* Each call of the store takes `ms`: a beat and the look around that follows it take longer than a beat is fresh. */
test.each([100, 300, 400, 500])('with a dispatcher and calls that take %s ms, every step begins', async (ms) => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const after = (): Promise<void> => new Promise((resolve) => void scheduler.after(ms, resolve))
  const late =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const answer = await call(...args)
      await after()
      return answer
    }
  const { log, leases } = memory
  const store: Store = {
    ...memory,
    close: () => memory.close(),
    log: { ...log, append: late(log.append) },
    leases: { ...leases, beat: late(leases.beat), engines: late(leases.engines) },
  }
  const roads = buildRoads(machine)
  const engine = createEmbeddedEngine({ store, machine, dispatcher: roads.open() })
  const pay = define({
    name: 'pay',
    input: anySchema,
    run: (ctx) => ctx.step('pay', { effect: 'idempotent' }, async () => 'paid'),
  })
  const handles = []
  for (let count = 0; count < 20; count++) {
    handles.push(await scheduler.until(engine.start(pay, null)))
    await scheduler.advance(137)
  }
  await scheduler.advance(300_000)
  const all = await memory.log.runs('system', { limit: 100 })
  expect(all.filter(({ status }) => status === 'completed')).toHaveLength(20)
})

test.each([0, 200, 400, 600, 800, 1_000, 1_200])(
  'with a dispatcher and calls that take 400 ms, an engine stops (%s)',
  async (offset) => {
    const machine = createTestMachine()
    const { scheduler } = machine
    const memory = createMemoryStore({ now: () => scheduler.now() })
    const after = (): Promise<void> => new Promise((resolve) => void scheduler.after(400, resolve))
    const late =
      <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        const answer = await call(...args)
        await after()
        return answer
      }
    const { log, leases } = memory
    const store: Store = {
      ...memory,
      close: () => memory.close(),
      log: { ...log, append: late(log.append) },
      leases: { ...leases, beat: late(leases.beat), engines: late(leases.engines) },
    }
    const roads = buildRoads(machine)
    const engine = createEmbeddedEngine({ store, machine, dispatcher: roads.open() })
    const wait = define({
      name: 'wait',
      input: anySchema,
      run: (ctx) => ctx.step('pay', { effect: 'idempotent' }, async () => 'paid'),
    })
    for (let count = 0; count < 20; count++) {
      await scheduler.until(engine.start(wait, null))
      await scheduler.advance(137)
    }
    await scheduler.advance(5_360 + offset)
    let isStopped = false
    void engine.stop({ graceMs: 100, hardLimitMs: 1_000 }).then(() => {
      isStopped = true
    })
    await scheduler.advance(120_000)
    expect(isStopped).toBe(true)
  },
)
