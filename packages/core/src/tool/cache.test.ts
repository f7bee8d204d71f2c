import { expect, test } from 'vitest'
import { z } from 'zod'
import type { CallEntry } from '../base/call-entry.ts'
import { directRun } from '../testing/direct-context.ts'
import { accountOf, ask, begun } from '../testing/tool-asks.ts'
import { createTestMachine } from '../testing/test-machine.ts'
import { createToolBench } from '../testing/tool-bench.ts'
import { ResultCache } from './cache.ts'
import { createToolExecutor } from './executor.ts'
import { runTools } from './run-tools.ts'

test('a read is answered from the cache until its time is over', async () => {
  const bench = createToolBench()
  const tool = bench.tool('a', { cacheMs: 1_000 })
  expect(await ask(bench, tool, { value: [1] })).toEqual([1])
  await bench.machine.scheduler.advance(999)
  expect(await ask(bench, tool, { value: [1] })).toEqual([1])
  expect(begun(bench)).toBe(1)
  await ask(bench, tool, { value: [2] })
  expect(begun(bench)).toBe(2)
  await bench.machine.scheduler.advance(1)
  await ask(bench, tool, { value: [1] })
  expect(begun(bench)).toBe(3)
})

test('a hit is recorded with the time and the money that it saved', async () => {
  const { runtime, machine, tool } = createToolBench()
  const settled: CallEntry[] = []
  const account = accountOf(() => ({ kind: 'granted', picoDollars: 0n }), settled)
  const run = directRun({ tools: runtime, account })
  const priced = tool('priced', { cacheMs: 1_000, price: '$0.25' })
  const free = tool('free', { cacheMs: 1_000 })
  for (const id of ['x', 'y']) {
    const calls = [
      { id: `${id}1`, name: 'priced', arguments: { ms: 40 } },
      { id: `${id}2`, name: 'free', arguments: { ms: 30 } },
    ]
    await machine.scheduler.until(runTools(run.ctx, [priced, free], calls))
  }
  expect(run.savings).toEqual([
    { from: 'cache', ms: 40, picoDollars: '250000000000' },
    { from: 'cache', ms: 30 },
  ])
  expect(settled).toMatchObject([
    { target: 'tool:priced', outcome: 'ok', cost: { status: 'settled', picoDollars: '250000000000' } },
    { outcome: 'cached', cost: { status: 'zero', picoDollars: '0', savedPicoDollars: '250000000000' } },
  ])
})

test('tenants, versions and tools do not share results', async () => {
  const bench = createToolBench()
  const { scheduler, random } = bench.machine
  const tools = [bench.tool('a', { cacheMs: 1_000 }), bench.tool('a', { cacheMs: 1_000, version: '2' })]
  for (const tenant of ['one', 'two']) {
    for (const tool of [...tools, bench.tool('b', { cacheMs: 1_000 })]) {
      const executor = createToolExecutor({ scheduler, random, runtime: bench.runtime, tools: [tool], tenant })
      await scheduler.until(executor.call(tool.name, {}))
    }
  }
  expect(begun(bench)).toBe(6)
})

test('errors and results that the output schema refuses are not kept', async () => {
  const bench = createToolBench()
  const tool = bench.tool('a', { cacheMs: 1_000, output: z.string() })
  for (let time = 0; time < 2; time++) {
    expect(await ask(bench, tool, { fails: 'no' })).toBe('tool.failed')
    expect(await ask(bench, tool, { value: 3 })).toBe('tool.invalid_output')
    expect(await ask(bench, tool, { value: 'text' })).toBe('text')
  }
  expect(begun(bench)).toBe(5)
})

test('a write makes results with its tags invalid, a read under way among them', async () => {
  const bench = createToolBench()
  const read = bench.tool('read', { cacheMs: 1_000, cacheTags: ({ value }) => [`item:${JSON.stringify(value)}`] })
  const write = bench.tool('write', {
    effect: 'idempotent',
    invalidates: ({ value }) => [`item:${JSON.stringify(value)}`],
  })
  await ask(bench, read, { value: 1 })
  await ask(bench, read, { value: 2 })
  await ask(bench, write, { value: 1 })
  await ask(bench, read, { value: 2 })
  expect(begun(bench)).toBe(3)
  await ask(bench, read, { value: 1 })
  expect(begun(bench)).toBe(4)
  const calls = [
    { name: 'read', arguments: { ms: 20, value: 3 } },
    { name: 'write', arguments: { ms: 5, value: 3 } },
  ]
  await bench.run([read, write], calls)
  await ask(bench, read, { ms: 20, value: 3 })
  expect(begun(bench)).toBe(7)
})

test('a write that failed may have changed something: it makes results invalid as well', async () => {
  const bench = createToolBench()
  const read = bench.tool('read', { cacheMs: 1_000 })
  const write = bench.tool('write', { effect: 'idempotent', invalidates: ['read'] })
  await ask(bench, read)
  await ask(bench, write, { fails: 'half' })
  await ask(bench, read)
  expect(begun(bench)).toBe(3)
  bench.runtime.invalidate('default', ['read'])
  expect(bench.runtime.inspect()).toMatchObject({ cached: { entries: 0, size: 0 } })
})

test('the cache holds only so much, and forgets what was not asked for longest', async () => {
  const bench = createToolBench({ cacheEntries: 2 })
  const tool = bench.tool('a', { cacheMs: 1_000 })
  for (const value of [1, 2, 1, 3, 1, 2]) await ask(bench, tool, { value })
  // 1 stays because it is asked for; 2 was forgotten when 3 came.
  expect(begun(bench)).toBe(4)
  const tight = createToolBench({ cacheSize: 1_000 })
  const small = tight.tool('a', { cacheMs: 1_000 })
  for (let value = 0; value < 40; value++) await ask(tight, small, { value })
  expect(tight.runtime.inspect().cached.size).toBeLessThanOrEqual(1_000)
  await ask(tight, small, { value: 'x'.repeat(200) })
  await ask(tight, small, { value: 'x'.repeat(200) })
  expect(begun(tight)).toBe(42)
})

test('an invalid tag takes all results that have it, and leaves the others', () => {
  const { scheduler } = createTestMachine()
  const cache = new ResultCache(scheduler, { entries: 3, size: 1_000 })
  const keep = (key: string, ...tags: readonly string[]): void => {
    const read = cache.begin(tags)
    cache.put(key, read, { value: key, size: 3, ms: 1, forMs: 1_000 })
    cache.end(read)
  }
  keep('a', 'x')
  keep('b', 'x', 'y')
  keep('c', 'y')
  keep('c', 'y')
  keep('d', 'x')
  expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key)?.value)).toEqual([undefined, 'b', 'c', 'd'])
  const other = cache.begin(['z'])
  cache.invalidate(['x', 'unknown'])
  expect(other.isStale).toBe(false)
  expect(['b', 'c', 'd'].map((key) => cache.get(key)?.value)).toEqual([undefined, 'c', undefined])
  expect(cache.count).toBe(1)
})
