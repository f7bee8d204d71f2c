import { anySchema, define } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './index.ts'

test('a run that returns in the window in which it made and cancelled a task ends', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const run = define({
    name: 'run',
    input: anySchema,
    run: async (ctx) => {
      const wait = ctx.signalled('never')
      void ctx.cancel(wait, 'not needed')
      return 'done'
    },
  })
  const engine = createEmbeddedEngine({ store: memory, machine })
  const { runId } = await scheduler.until(engine.start(run, null))
  await scheduler.advance(60_000)
  expect((await memory.log.run('system', runId)).status).toBe('completed')
})
