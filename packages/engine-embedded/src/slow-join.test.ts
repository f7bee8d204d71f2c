import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { definePayer, Pause } from '../test/stopped-process.ts'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/* Others count the age of an engine's first beat from when it joined, however long the rest of joining takes. */
test('an engine that was slow to join and is stopped before its first beat begins nothing that others began', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const pause = new Pause()
  const after = (ms: number): Promise<void> => new Promise((resolve) => void scheduler.after(ms, resolve))
  /** Nothing is sent while the process is stopped, and no answer is read. */
  const stopped =
    <A extends readonly unknown[], T>(call: (...args: A) => Promise<T>) =>
    async (...args: A): Promise<T> => {
      await pause.over()
      const answer = await call(...args)
      await after(5)
      await pause.over()
      return answer
    }
  const { log, leases } = memory
  let isJoining = true
  const store = storeWith(memory, {
    log: { append: stopped(log.append) },
    leases: {
      // The store is slow now.
      offer: async (...args) => {
        if (isJoining) await after(2_000)
        isJoining = false
        return leases.offer(...args)
      },
      beat: stopped(leases.beat),
    },
  })
  const paid: string[] = []
  const second = createEmbeddedEngine({ store: memory, machine })
  second.register(definePayer(paid, 'second', 10, scheduler))
  await scheduler.until(second.begin())
  const first = createEmbeddedEngine({ store, machine })
  const { runId } = await scheduler.until(first.start(definePayer(paid, 'first', 450, scheduler), null))
  const joined = scheduler.elapsed()
  await scheduler.advance(452)
  const goOn = pause.begin()
  // Its append was sent by now; the process stands still.
  await scheduler.advance(joined + 4_450 - scheduler.elapsed())
  expect(paid).toEqual(['second'])
  goOn()
  await scheduler.advance(10_000)
  expect(paid).toEqual(['second'])
  expect((await memory.log.run('system', runId)).status).toBe('completed')
})
