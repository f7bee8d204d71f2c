import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { definePayer, Pause } from '../test/stopped-process.ts'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

/*
 * A machine that is suspended (a laptop, a VM): CLOCK_MONOTONIC, which performance.now() reads, stands still meanwhile, while
 * the clocks of others go on. Each engine has a clock of its own here; the wall clock of the first jumps when it wakes.
 */
test('a machine that was suspended begins nothing that others began', async () => {
  const here = createTestMachine()
  const there = createTestMachine()
  const memory = createMemoryStore({ now: () => there.scheduler.now() })
  const pause = new Pause()
  const store = storeWith(memory, { log: { append: pause.readLater(memory.log.append) } })
  const paid: string[] = []
  const first = createEmbeddedEngine({ store, machine: here })
  const second = createEmbeddedEngine({ store: memory, machine: there, idPrefix: 'f' })
  second.register(definePayer(paid, 'second', 200, there.scheduler))
  const { runId } = await here.scheduler.until(first.start(definePayer(paid, 'first', 200, here.scheduler), null))
  await there.scheduler.until(second.begin())
  const goOn = pause.begin()
  await here.scheduler.advance(300)
  expect(paid).toEqual([])
  // Suspended: its clock stands still.
  await there.scheduler.advance(20_000)
  expect(paid).toEqual(['second'])
  here.scheduler.jump(20_000)
  goOn()
  await here.scheduler.advance(5_000)
  expect(paid).toEqual(['second'])
  expect((await memory.log.run('system', runId)).status).toBe('completed')
})
