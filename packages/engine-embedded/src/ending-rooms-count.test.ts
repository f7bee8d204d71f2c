import { anySchema, define, MeepoError } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

const big = 'x'.repeat(400_000)

/* Rooms are counted right whatever happens to runs that end and wait. */
const faults = ['none', 'append', 'deliver', 'deliver later', 'takeover', 'late news', 'slow blobs', 'tight'] as const
test.each(faults.flatMap((fault) => [0, 1_000].map((idleMs) => [fault, idleMs] as const)))(
  'after %s, idleMs %s',
  async (fault, idleMs) => {
    const machine = createTestMachine()
    const { scheduler } = machine
    const memory = createMemoryStore({ now: () => scheduler.now() })
    const after = (ms: number): Promise<void> => new Promise((resolve) => void scheduler.after(ms, resolve))
    let left = 0
    const { log, inbox, blobs, leases } = memory
    const lost = (): MeepoError => new MeepoError('store.failed', 'lost')
    let failAppends = 0
    let used = 1
    const store = storeWith(memory, {
      log: {
        append: async (scope, request) => {
          if (failAppends > 0 && request.events.some(({ type }) => type === 'run.cancelled' || type === 'run.ending')) {
            failAppends--
            await after(20)
            throw lost()
          }
          return log.append(scope, request)
        },
      },
      inbox: {
        deliver: async (...args) => {
          if (left > 0 && args[2].kind === 'cancel' && args[2].id.startsWith('cancel/')) {
            left--
            if (fault === 'deliver later') await after(3_000)
            throw lost()
          }
          return inbox.deliver(...args)
        },
        pending: async (...args) => {
          if (fault === 'late news') await after(700)
          return inbox.pending(...args)
        },
      },
      blobs: {
        put: async (...args) => {
          if (fault === 'slow blobs') await after(400)
          return blobs.put(...args)
        },
        get: async (...args) => {
          if (fault === 'slow blobs') await after(400)
          return blobs.get(...args)
        },
      },
    })
    let open = 0
    const held = define({
      name: 'held',
      input: anySchema,
      run: (ctx) =>
        ctx.step('hold', { effect: 'read' }, async (step) => {
          open++
          await new Promise((resolve) => step.signal.addEventListener('abort', resolve))
          open--
        }),
    })
    const child = define({
      name: 'child',
      input: anySchema,
      run: async (ctx) => {
        await ctx.signalled('go')
        return big
      },
    })
    const parent = define({
      name: 'parent',
      input: anySchema,
      uses: [child],
      run: async (ctx) => {
        void ctx.child(child, 'two', null)
        const one = ctx.child(child, 'one', null)
        await ctx.race([one, ctx.sleep(30_000)])
        return big
      },
    })
    const engine = createEmbeddedEngine({
      store,
      machine,
      concurrency: 2,
      idleMs,
      memory: { measure: () => ({ used, limit: 100 }) },
    })
    engine.register(held, child, parent)
    await scheduler.until(engine.begin())
    const runs = []
    for (let count = 0; count < 5; count++) {
      const run = await scheduler.until(engine.start(parent, null, { isQueued: true }))
      runs.push(run)
      await scheduler.advance(500)
    }
    await scheduler.advance(5_000)
    failAppends = fault === 'append' ? 6 : 0
    left = fault.startsWith('deliver') ? 6 : 0
    for (const [index, run] of runs.entries()) {
      const [first] = await memory.log.runs('system', { parent: run.runId })
      if (index % 2 === 0) await run.cancel('enough')
      else await engine.handle(first?.runId ?? '').signal('go', 1)
      await scheduler.advance(index * 37)
    }
    if (fault === 'takeover') {
      await scheduler.advance(1)
      for (const { engine: id, beat } of await leases.engines()) await leases.takeOver(id, beat)
    }
    if (fault === 'tight') {
      used = 90
      await scheduler.advance(5_000)
      used = 1
    }
    await scheduler.advance(120_000)
    const all = await memory.log.runs('system', { limit: 100 })
    expect(all.filter(({ endedAt }) => endedAt === undefined)).toEqual([])
    for (let count = 0; count < 5; count++) await scheduler.until(engine.start(held, null, { isQueued: true }))
    await scheduler.advance(5_000)
    expect(open).toBe(2)
  },
)
