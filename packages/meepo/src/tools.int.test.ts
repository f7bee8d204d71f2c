import { anySchema, createToolRuntime, define, defineTool, runTools, type Tool } from '@meepo/core'
import { createNodeMachine } from '@meepo/engine-embedded'
import { expect, test } from 'vitest'
import { createMeepo } from './index.ts'

/** Calls a tool three times at once; tells how many bodies ran together at most. */
function flowOf(settings: Partial<Tool>) {
  let open = 0
  let most = 0
  const tool = defineTool({
    name: 'look',
    description: '',
    effect: 'read',
    input: anySchema,
    ...settings,
    run: async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 10))
      open--
    },
  })
  const calls = [1, 2, 3].map((value) => ({ id: `c${value}`, name: 'look', arguments: value }))
  return define({
    name: 'flow',
    input: anySchema,
    run: async (ctx) => {
      const { results } = await runTools(ctx, [tool], calls)
      return { failed: results.filter(({ isError }) => isError).length, most }
    },
  })
}

test('limits of scope tool and pools of the process hold for tools', async () => {
  const meepo = await createMeepo({
    store: 'memory',
    limits: [{ name: 'looks', scope: 'tool', value: 'look', counts: 'concurrent', amount: 2 }],
    toolPools: { browser: 1 },
  })
  expect((await meepo.run(flowOf({}), null)).result).toEqual({ failed: 0, most: 2 })
  await meepo.stop()
  const pooled = await createMeepo({ store: 'memory', toolPools: { browser: 1 } })
  expect((await pooled.run(flowOf({ pools: { browser: 1 } }), null)).result).toEqual({ failed: 0, most: 1 })
  await pooled.stop()
})

test('a runtime of tools replaces the pools', async () => {
  const tools = createToolRuntime({ scheduler: createNodeMachine().scheduler })
  await expect(createMeepo({ store: 'memory', tools, toolPools: {} })).rejects.toThrow('tools replaces toolPools')
  const meepo = await createMeepo({ store: 'memory', tools })
  expect((await meepo.run(flowOf({ pools: { browser: 1 } }), null)).result).toEqual({ failed: 3, most: 0 })
  await meepo.stop()
})
