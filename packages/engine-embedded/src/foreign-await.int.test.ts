import { anySchema, define } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './engine.ts'

test('a run that another run wakes has awaited something foreign, and is told at once', async () => {
  const gate = Promise.withResolvers<void>()
  const program = define({
    name: 'program',
    input: anySchema,
    run: async (ctx, who) => {
      const open = ctx.sleep(20)
      await ctx.step('first', { effect: 'read' }, async () => 1)
      if (who === 'waker') gate.resolve()
      else await gate.promise
      await ctx.step('second', { effect: 'read' }, async () => 2)
      await open
      return 'done'
    },
  })
  const engine = createEmbeddedEngine({ store: createMemoryStore() })
  const handles = await Promise.all(['woken', 'waker'].map((who) => engine.start(program, who)))
  const [woken, waker] = await Promise.all(handles.map((handle) => handle.result()))
  expect(woken).toMatchObject({ status: 'failed', error: { code: 'run.foreign_await' } })
  expect(waker).toMatchObject({ status: 'completed', result: 'done' })
  await engine.stop()
})
