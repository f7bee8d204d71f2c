import { anySchema, define, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

test('a run whose log arrives after its engine was taken for dead is not driven, and gives no room back', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const hour = (): Promise<void> => new Promise((resolve) => void scheduler.after(3_600_000, resolve))
  let held: (() => void) | undefined
  let isHolding = true
  const read: Store['log']['read'] = async (...args) => {
    const events = await memory.log.read(...args)
    if (isHolding) await new Promise<void>((resolve) => (held = resolve))
    return events
  }
  const store = storeWith(memory, { log: { read } })
  const codes: string[] = []
  const engine = createEmbeddedEngine({
    store,
    machine,
    concurrency: 1,
    beatMs: 1_000,
    onNotice: ({ code }) => codes.push(code),
  })
  const begun: string[] = []
  const slow = define({
    name: 'slow',
    input: anySchema,
    run: (ctx) =>
      ctx.step('work', { effect: 'read' }, async () => {
        begun.push(ctx.runId)
        await hour()
        return null
      }),
  })
  engine.register(slow)
  for (const runId of ['first', 'second', 'third'])
    await scheduler.until(engine.start(slow, null, { runId, isQueued: true }))
  await scheduler.advance(50)
  expect(held).toBeDefined()

  const [self] = await memory.leases.engines()
  expect(await memory.leases.takeOver(self?.engine ?? '', self?.beat ?? -1)).toBe(1)
  isHolding = false
  await scheduler.advance(2_000)
  held?.()
  await scheduler.advance(2_000)
  expect(begun).toEqual(['first'])
  expect(codes).toEqual([])
})
