import { expect, test } from 'vitest'
import { createTestMachine } from '../testing/test-machine.ts'
import { Slots } from './slots.ts'
import { createToolBench } from '../testing/tool-bench.ts'
import { watchCall } from './watched-call.ts'

test('what was aborted before does not begin', async () => {
  const { scheduler } = createTestMachine()
  let isBegun = false
  const body = (): void => {
    isBegun = true
  }
  const gone = AbortSignal.abort(new Error('gone'))
  await expect(watchCall(scheduler, { name: 'a', timeoutMs: 1, idleTimeoutMs: 1 }, gone, body)).rejects.toThrow('gone')
  const tool = createToolBench().tool('a', { concurrency: 1 })
  const request = { priority: 0, maxWaitMs: 1, waiting: () => undefined }
  await expect(new Slots(scheduler, {}).take(tool, { ...request, signal: gone })).rejects.toThrow('gone')
  expect(isBegun).toBe(false)
  expect(scheduler.timers()).toBe(0)
})
