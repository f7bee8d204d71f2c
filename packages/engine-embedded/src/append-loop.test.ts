import { anySchema, define, MeepoError } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/* A run that can be taken and read, and whose appends the store never takes. */
test('a run whose append always fails is tried again after growing pauses', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  let tries = 0
  const { log } = memory
  const store = storeWith(memory, {
    log: {
      append: (scope, request) => {
        if (!request.events.some(({ type }) => type === 'step.completed')) return log.append(scope, request)
        tries++
        return Promise.reject(new MeepoError('store.failed', 'this value cannot be stored'))
      },
    },
  })
  const run = define({
    name: 'run',
    input: anySchema,
    run: (ctx) => ctx.step('one', { effect: 'idempotent' }, async () => 1),
  })
  const engine = createEmbeddedEngine({ store, machine })
  await scheduler.until(engine.start(run, null))
  await scheduler.advance(60_000)
  expect(tries).toBeLessThan(25)
})
