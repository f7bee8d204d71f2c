import { expect, test } from 'vitest'
import { z } from 'zod'
import { MeepoError } from '../base/errors.ts'
import { noRetry } from '../run/retry.ts'
import { createTestMachine } from '../testing/test-machine.ts'
import { createToolBench, type ToolBench } from '../testing/tool-bench.ts'
import { createToolExecutor, type ToolExecutor } from './executor.ts'
import { defineTool, type BatchItem, type Tool, type ToolBatch, type ToolSettings } from './tool.ts'

interface Seen {
  readonly bench: ToolBench
  readonly batches: (readonly BatchItem<number>[])[]
  readonly tool: Tool
  executor(tenant?: string): ToolExecutor
}

/** Doubles numbers; of 13 it says that it brings bad luck. */
function doubling(more: Partial<ToolSettings<number, number>> & Partial<ToolBatch<number, number>> = {}): Seen {
  const { maxSize = 3, maxWaitMs = 10, run, ...settings } = more
  const batches: (readonly BatchItem<number>[])[] = []
  const tool = defineTool<number, number>({
    name: 'double',
    description: '',
    effect: 'read',
    input: z.number(),
    retry: noRetry,
    coalesce: false,
    ...settings,
    batch: {
      maxSize,
      maxWaitMs,
      run: async (items, call) => {
        batches.push(items)
        if (run) return run(items, call)
        return items.map(({ args }) => (args === 13 ? new Error('bad luck') : args * 2))
      },
    },
  })
  const bench = createToolBench({ machine: createTestMachine() })
  const { scheduler, random } = bench.machine
  const executor = (tenant = 'default'): ToolExecutor =>
    createToolExecutor({ scheduler, random, runtime: bench.runtime, tools: [tool], tenant })
  return { bench, batches, tool, executor }
}

const calls = (...values: readonly number[]) => values.map((value) => ({ name: 'double', arguments: value }))

test('calls travel together, and each gets what is at its place', async () => {
  const { bench, batches, tool } = doubling()
  const { results } = await bench.run([tool], calls(1, 2, 13, 4))
  expect(results.map(({ result, isError }) => (isError ? 'failed' : result))).toEqual([2, 4, 'failed', 8])
  expect(results[2]).toMatchObject({ result: { error: { code: 'tool.failed', message: 'bad luck' } } })
  expect(batches.map((items) => items.map(({ args }) => args))).toEqual([[1, 2, 13], [4]])
  // The last one waited for others.
  expect(bench.machine.scheduler.elapsed()).toBe(10)
  const keys = batches
    .flat()
    .map(({ idempotencyKey, attemptId, callId, runId }) => [idempotencyKey, attemptId, callId, runId])
  expect(new Set(keys.map(([key]) => key)).size).toBe(4)
})

test('calls of several runs of one tenant meet, those of other tenants do not', async () => {
  const { bench, batches, executor } = doubling({ maxSize: 10 })
  const runs = [executor(), executor(), executor('other')].map((one, value) => one.call('double', value))
  expect(await bench.machine.scheduler.until(Promise.all(runs))).toEqual([0, 2, 4])
  expect(batches.map((items) => items.map(({ args }) => args))).toEqual([[0, 1], [2]])
})

test('what is wrong with a batch is the error of each of its calls', async () => {
  for (const [run, message] of [
    [() => Promise.reject(new MeepoError('tool.failed', 'down')), 'down'],
    [async () => [1], 'a batch of double gave 1 answers for 2 calls'],
    [async () => 'text' as never, 'a batch of double gave no list for 2 calls'],
    [async () => [new MeepoError('tool.failed', 'mine'), new MeepoError('tool.failed', 'mine')], 'mine'],
  ] as const) {
    const { bench, tool } = doubling({ run })
    const { results } = await bench.run([tool], calls(1, 2))
    expect(results.map(({ result }) => result)).toEqual([
      { error: { code: 'tool.failed', message } },
      { error: { code: 'tool.failed', message } },
    ])
  }
})

test('slots are for batches, not for their calls', async () => {
  let open = 0
  let most = 0
  const seen = doubling({
    maxSize: 2,
    concurrency: 1,
    run: async (items) => {
      most = Math.max(most, ++open)
      await new Promise<void>((resolve) => seen.bench.machine.scheduler.after(5, resolve))
      open--
      return items.map(({ args }) => args)
    },
  })
  const { results } = await seen.bench.run([seen.tool], calls(1, 2, 3, 4, 5))
  expect(results.map(({ result }) => result)).toEqual([1, 2, 3, 4, 5])
  expect(seen.batches).toHaveLength(3)
  expect(most).toBe(1)
})

test('an aborted call leaves its batch; when all have left, the batch is aborted', async () => {
  const signals: AbortSignal[] = []
  const { bench, batches, executor } = doubling({
    run: (items, { signal, heartbeat, tenant }) => {
      expect(tenant).toBe('default')
      heartbeat()
      signals.push(signal)
      return new Promise((resolve) => bench.machine.scheduler.after(50, () => resolve(items.map(() => 1))))
    },
  })
  const { scheduler } = bench.machine
  const aborts = [0, 1, 2].map(() => new AbortController())
  const [early, first, second] = aborts.map(({ signal }, value) => {
    const one = executor().call('double', value, { signal })
    one.catch(() => undefined)
    return one
  })
  await scheduler.settle()
  expect(batches).toHaveLength(1)
  aborts[0]?.abort(new Error('enough'))
  await expect(scheduler.until(early!)).rejects.toThrow('enough')
  expect(signals[0]?.aborted).toBe(false)
  aborts[1]?.abort(new Error('enough'))
  aborts[2]?.abort(new Error('all'))
  await scheduler.settle()
  expect(signals[0]?.reason).toEqual(new Error('all'))
  await expect(scheduler.until(first!)).rejects.toThrow('enough')
  await expect(scheduler.until(second!)).rejects.toThrow('all')
})

test('a batch that everybody left before it was full is not made', async () => {
  const { bench, batches, executor } = doubling()
  const { scheduler } = bench.machine
  const abort = new AbortController()
  const gone = executor().call('double', 1, { signal: abort.signal })
  gone.catch(() => undefined)
  await scheduler.settle()
  abort.abort(new Error('enough'))
  await expect(scheduler.until(gone)).rejects.toThrow('enough')
  await scheduler.advance(20)
  expect(batches).toEqual([])
})

test('those who stay are answered though one left before the batch was full', async () => {
  const { bench, batches, executor } = doubling()
  const { scheduler } = bench.machine
  const abort = new AbortController()
  const gone = executor().call('double', 1, { signal: abort.signal })
  gone.catch(() => undefined)
  const stays = executor().call('double', 2)
  await scheduler.settle()
  abort.abort(new Error('enough'))
  await expect(scheduler.until(gone)).rejects.toThrow('enough')
  expect(await scheduler.until(stays)).toBe(4)
  expect(batches.map((items) => items.map(({ args }) => args))).toEqual([[2]])
})

test('each result of a batch is cached for itself', async () => {
  const { bench, batches, tool } = doubling({ cacheMs: 1_000 })
  await bench.run([tool], calls(1, 2, 3))
  const { results } = await bench.run([tool], calls(2, 4))
  expect(results.map(({ result }) => result)).toEqual([4, 8])
  expect(batches.flat().map(({ args }) => args)).toEqual([1, 2, 3, 4])
})
