import { anySchema, define, type Store } from '@meepo/core'
import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { createEmbeddedEngine } from './index.ts'

/*
 * A machine that is suspended (a laptop, a VM): CLOCK_MONOTONIC, which performance.now() reads, stands still meanwhile, while
 * the clocks of others go on. Each engine has a clock of its own here; the wall clock of the first jumps when it wakes.
 */
test('a machine that was suspended begins nothing that others began', async () => {
  const here = createTestMachine()
  const there = createTestMachine()
  const memory = createMemoryStore({ now: () => there.scheduler.now() })
  const pause: { over: Promise<void> | undefined } = { over: undefined }
  const { log } = memory
  const store: Store = {
    ...memory,
    close: () => memory.close(),
    log: {
      ...log,
      append: async (...args) => {
        const answer = await log.append(...args)
        await pause.over
        return answer
      },
    },
  }
  const paid: string[] = []
  const payer = (by: string, { scheduler }: typeof here) =>
    define({
      name: 'payer',
      input: anySchema,
      run: async (ctx) => {
        await ctx.step(
          'look',
          { effect: 'read' },
          () => new Promise((resolve) => void scheduler.after(200, () => resolve(1))),
        )
        return ctx.step('pay', { effect: 'idempotent' }, async () => paid.push(by))
      },
    })
  const first = createEmbeddedEngine({ store, machine: here })
  const second = createEmbeddedEngine({ store: memory, machine: there, idPrefix: 'f' })
  second.register(payer('second', there))
  const { runId } = await here.scheduler.until(first.start(payer('first', here), null))
  await there.scheduler.until(second.begin())
  let goOn = (): void => undefined
  pause.over = new Promise((resolve) => (goOn = resolve))
  await here.scheduler.advance(300)
  expect(paid).toEqual([])
  // Suspended: its clock stands still.
  await there.scheduler.advance(20_000)
  expect(paid).toEqual(['second'])
  here.scheduler.jump(20_000)
  pause.over = undefined
  goOn()
  await here.scheduler.advance(5_000)
  expect(paid).toEqual(['second'])
  expect((await memory.log.run('system', runId)).status).toBe('completed')
})
