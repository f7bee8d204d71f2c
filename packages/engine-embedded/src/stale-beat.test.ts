import { createMemoryStore, createTestMachine } from '@meepo/core/testing'
import { expect, test } from 'vitest'
import { definePayer, Pause } from '../test/stopped-process.ts'
import { storeWith } from '../test/store-with.ts'
import { createEmbeddedEngine } from './index.ts'

test('what the store said before a pause lets nothing begin after it', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const memory = createMemoryStore({ now: () => scheduler.now() })
  const pause = new Pause()
  const { log, leases } = memory
  const store = storeWith(memory, {
    log: { append: pause.readLater(log.append) },
    leases: { beat: pause.readLater(leases.beat) },
  })
  const paid: string[] = []
  const first = createEmbeddedEngine({ store, machine })
  const second = createEmbeddedEngine({ store: memory, machine })
  second.register(definePayer(paid, 'second', 900, scheduler))
  await scheduler.until(second.begin())
  const { runId } = await scheduler.until(first.start(definePayer(paid, 'first', 900, scheduler), null))
  await scheduler.advance(800)
  const goOn = pause.begin()
  await scheduler.advance(12_000)
  expect(paid).toEqual(['second'])
  goOn()
  await scheduler.advance(5_000)
  expect(paid).toEqual(['second'])
  expect((await memory.log.run('system', runId)).status).toBe('completed')
})
