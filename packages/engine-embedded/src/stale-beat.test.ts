import { anySchema, define, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './index.ts'

test('what the store said before a pause lets nothing begin after it', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const pause: { over: Promise<void> | undefined } = { over: undefined }
  /** The store does it at once. Its answer is read when the process goes on. */
  const readLater =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      const answer = await call(...args)
      await pause.over
      return answer
    }
  const { log, leases } = memory
  const store: Store = {
    ...memory,
    close: () => memory.close(),
    log: { ...log, append: readLater(log.append) },
    leases: { ...leases, beat: readLater(leases.beat) },
  }
  const paid: string[] = []
  const payer = (by: string) =>
    define({
      name: 'payer',
      input: anySchema,
      run: async (ctx) => {
        await ctx.step(
          'look',
          { effect: 'read' },
          () => new Promise((resolve) => void scheduler.after(900, () => resolve(1))),
        )
        return ctx.step('pay', { effect: 'idempotent' }, async () => paid.push(by))
      },
    })
  const first = createEmbeddedEngine({ store, machine })
  const second = createEmbeddedEngine({ store: memory, machine })
  second.register(payer('second'))
  await scheduler.until(second.begin())
  const { runId } = await scheduler.until(first.start(payer('first'), null))
  await scheduler.advance(800)
  let goOn = (): void => undefined
  pause.over = new Promise((resolve) => (goOn = resolve))
  await scheduler.advance(12_000)
  expect(paid).toEqual(['second'])
  goOn()
  await scheduler.advance(5_000)
  expect(paid).toEqual(['second'])
  expect((await memory.log.run('system', runId)).status).toBe('completed')
})
