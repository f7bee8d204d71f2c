import { anySchema, define, MeepoError } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/*
 * An engine stops in order while a parent waits for a child, and what it had asked of the store for that child fails: whoever
 * drives the parent next must ask for it again.
 */

/** An engine whose calls for children hang until they fail, and another one on the same store that is whole. */
function world() {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const hanging: ((thrown: Error) => void)[] = []
  const hang = (): Promise<never> => new Promise((_resolve, reject) => hanging.push(reject))
  const broken = { creates: false, cancels: false }
  const { log, inbox } = memory
  const store = storeWith(memory, {
    log: { create: (...args) => (broken.creates && args[1].parent ? hang() : log.create(...args)) },
    inbox: {
      deliver: (...args) =>
        broken.cancels && args[2].kind === 'cancel' && args[2].id.startsWith('cancel/')
          ? hang()
          : inbox.deliver(...args),
    },
  })
  const child = define({ name: 'child', input: anySchema, run: (ctx) => ctx.signalled('go') })
  const parent = define({
    name: 'parent',
    input: anySchema,
    uses: [child],
    run: (ctx) => ctx.child(child, 'one', null),
  })
  const first = createEmbeddedEngine({ store, machine })
  const second = createEmbeddedEngine({ store: memory, machine })
  second.register(parent)
  const stop = async (): Promise<void> => {
    await scheduler.until(first.stop({ graceMs: 0 }))
    for (const fail of hanging) fail(new MeepoError('store.failed', 'the store is away'))
    await scheduler.until(second.begin())
  }
  return { scheduler, memory, broken, hanging, parent, first, second, stop }
}

test('while a child is being created: the next engine creates it', async () => {
  const { scheduler, memory, broken, hanging, parent, first, second, stop } = world()
  broken.creates = true
  const { runId } = await scheduler.until(first.start(parent, null))
  await scheduler.advance(1_000)
  expect(hanging).toHaveLength(1)
  await stop()
  await scheduler.advance(1_000)
  const [child] = await memory.log.runs('system', { parent: runId })
  await second.handle(child?.runId ?? '').signal('go', 'done')
  expect(await scheduler.until(second.handle(runId).result())).toMatchObject({ status: 'completed', result: 'done' })
})

test('while a child is being cancelled: the next engine cancels it', async () => {
  const { scheduler, broken, hanging, parent, first, second, stop } = world()
  const { runId } = await scheduler.until(first.start(parent, null))
  await scheduler.advance(1_000)
  broken.cancels = true
  await scheduler.until(first.handle(runId).cancel('enough'))
  await scheduler.advance(1_000)
  expect(hanging).toHaveLength(1)
  await stop()
  expect(await scheduler.until(second.handle(runId).result())).toMatchObject({ status: 'cancelled' })
})
