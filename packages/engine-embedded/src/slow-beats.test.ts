import { anySchema, define } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { buildRoads } from '../test/roads.ts'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/** An engine with a dispatcher whose beats, looks around and appends take `ms` each, and twenty runs that it was given. */
async function slowWorld(ms: number) {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const late =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const answer = await call(...args)
      await new Promise<void>((resolve) => void scheduler.after(ms, resolve))
      return answer
    }
  const { log, leases } = memory
  const store = storeWith(memory, {
    log: { append: late(log.append) },
    leases: { beat: late(leases.beat), engines: late(leases.engines) },
  })
  const engine = createEmbeddedEngine({ store, machine, dispatcher: buildRoads(machine).open() })
  const pay = define({
    name: 'pay',
    input: anySchema,
    run: (ctx) => ctx.step('pay', { effect: 'idempotent' }, async () => 'paid'),
  })
  for (let count = 0; count < 20; count++) {
    await scheduler.until(engine.start(pay, null))
    await scheduler.advance(137)
  }
  return { scheduler, memory, engine }
}

// From 375 ms on, a beat and the look around that follows it take longer than a beat is fresh.
test.each([100, 300, 400, 500])('with a dispatcher and calls that take %s ms, every step begins', async (ms) => {
  const { scheduler, memory } = await slowWorld(ms)
  await scheduler.advance(300_000)
  const all = await memory.log.runs('system', { limit: 100 })
  expect(all.filter(({ status }) => status === 'completed')).toHaveLength(20)
})

test.each([0, 200, 400, 600, 800, 1_000, 1_200])(
  'with a dispatcher and calls that take 400 ms, an engine stops (%s)',
  async (offset) => {
    const { scheduler, engine } = await slowWorld(400)
    await scheduler.advance(5_360 + offset)
    let isStopped = false
    void engine.stop({ graceMs: 100, hardLimitMs: 1_000 }).then(() => {
      isStopped = true
    })
    await scheduler.advance(120_000)
    expect(isStopped).toBe(true)
  },
)
