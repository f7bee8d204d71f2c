import { anySchema, define, MeepoError } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/* A child is refused while its engine drains: the refusal is in the log, and the code must see it somewhere. */
test('a child that is refused while the engine stops: the next engine goes on', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const { log } = memory
  let refuse: ((thrown: Error) => void) | undefined
  const store = storeWith(memory, {
    log: {
      create: (...args) =>
        args[1].parent ? new Promise((_resolve, reject) => (refuse = reject)) : log.create(...args),
    },
  })
  const child = define({ name: 'child', input: anySchema, run: (ctx) => ctx.signalled('go') })
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [child],
    run: async (ctx) => {
      try {
        return await ctx.child(child, 'one', null)
      } catch {
        return 'refused'
      }
    },
  })
  const long = define({
    name: 'long',
    input: anySchema,
    run: (ctx) =>
      ctx.step(
        'hold',
        { effect: 'read' },
        () => new Promise((resolve) => void scheduler.after(3_000, () => resolve(1))),
      ),
  })
  const first = createEmbeddedEngine({ store, machine })
  const handle = await scheduler.until(first.start(parent, null))
  await scheduler.until(first.start(long, null))
  await scheduler.advance(500)
  expect(refuse).toBeDefined()
  const stopped = first.stop()
  await scheduler.advance(500)
  refuse?.(new MeepoError('run.exists', 'with another input'))
  await scheduler.until(stopped)
  const second = createEmbeddedEngine({ store: memory, machine })
  second.register(parent, long)
  await scheduler.until(second.begin())
  await scheduler.advance(60_000)
  const types = (await memory.log.read('system', handle.runId)).map(({ type }) => type)
  expect(types).toContain('child.failed')
  expect((await memory.log.run('system', handle.runId)).status).toBe('completed')
})
