import { anySchema, define } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/*
 * Cancelled parents take no room while they wait for their children, so their number has no bound. Where they fill the memory
 * they must leave it, or no child is ever taken again (F6).
 */
test('many parents that are cancelled at once end, however little memory there is', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  /** Runs in the memory of the engine. */
  const here = new Set<string>()
  const { log, leases } = memory
  const store = storeWith(memory, {
    log: {
      append: async (scope, request) => {
        const grants = await log.append(scope, request)
        const last = request.events.at(-1)?.type
        if (last === 'run.cancelled' || last === 'run.completed' || last === 'run.failed') here.delete(request.runId)
        else here.add(request.runId)
        return grants
      },
      read: async (scope, runId, ...rest) => {
        here.add(runId)
        await new Promise<void>((resolve) => void scheduler.after(100, resolve))
        return log.read(scope, runId, ...rest)
      },
    },
    leases: {
      release: async (engine, runs) => {
        for (const { runId } of runs) here.delete(runId)
        await leases.release(engine, runs)
      },
    },
  })
  const child = define({ name: 'child', input: anySchema, run: (ctx) => ctx.signalled('never') })
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [child],
    run: async (ctx) => {
      // Their children are younger than all of them: the store gives the parents out first.
      await ctx.sleep(200_000)
      return ctx.child(child, 'one', null)
    },
  })
  const engine = createEmbeddedEngine({
    store,
    machine,
    concurrency: 4,
    idleMs: 1_000,
    memory: { measure: () => ({ used: here.size, limit: 40 }) },
  })
  const handles = []
  for (let count = 0; count < 60; count++) {
    handles.push(await scheduler.until(engine.start(parent, null)))
    await scheduler.advance(2_000)
  }
  await scheduler.advance(300_000)
  expect(here.size).toBe(0)
  expect(await memory.log.runs('system', { status: ['waiting'], limit: 500 })).toHaveLength(120)
  for (const handle of handles) await handle.cancel('enough')
  await scheduler.advance(600_000)
  const all = await memory.log.runs('system', { limit: 500 })
  const counts: Record<string, number> = {}
  for (const { status } of all) counts[status] = (counts[status] ?? 0) + 1
  expect(counts).toEqual({ cancelled: 120 })
})
