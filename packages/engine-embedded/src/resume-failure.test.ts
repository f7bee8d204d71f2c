import { anySchema, define, MeepoError, noRetry } from '@meepo/core'
import { createMemoryStore } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './engine.ts'

test('a run that failed because its last step failed tries that step once more when it is resumed', async () => {
  let isDown = true
  let first = 0
  const calls: number[] = []
  const definition = define({
    name: 'shop',
    input: anySchema,
    run: async (ctx) => {
      await ctx.step('first', { effect: 'idempotent' }, async () => ++first)
      return ctx.step('call', { effect: 'idempotent', retry: noRetry }, async (attempt) => {
        calls.push(attempt.count)
        if (isDown) throw new MeepoError('model.unavailable', 'down')
        return 'up'
      })
    },
  })
  const engine = createEmbeddedEngine({ store: createMemoryStore() })
  const handle = await engine.start(definition, null)
  expect(await handle.result()).toMatchObject({ status: 'failed', error: { code: 'model.unavailable' } })

  const again = await engine.resume(handle.runId)
  expect(await again.result()).toMatchObject({ status: 'failed', error: { code: 'model.unavailable' } })

  isDown = false
  const resumed = await engine.resume(handle.runId)
  expect(await resumed.result()).toMatchObject({ status: 'completed', result: 'up' })
  expect(first).toBe(1)
  expect(calls).toEqual([1, 2, 3])
  await engine.stop()
})

test('a failure that the code went on after is not tried again', async () => {
  let calls = 0
  const definition = define({
    name: 'shop',
    input: anySchema,
    run: async (ctx) => {
      const failed = await ctx
        .step('call', { effect: 'idempotent', retry: noRetry }, async () => {
          calls++
          throw new MeepoError('model.unavailable', 'down')
        })
        .catch((thrown: unknown) => thrown)
      await ctx.step('tell', { effect: 'read' }, async () => 'told')
      throw failed
    },
  })
  const engine = createEmbeddedEngine({ store: createMemoryStore() })
  const handle = await engine.start(definition, null)
  await handle.result()
  expect(await (await engine.resume(handle.runId)).result()).toMatchObject({ error: { code: 'model.unavailable' } })
  expect(calls).toBe(1)
  await engine.stop()
})
