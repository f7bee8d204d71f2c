import { expect, test } from 'vitest'
import { z } from 'zod'
import type { LimitedCall, Limiter } from '../admission/limits/limiter.ts'
import { createLimiter } from '../admission/limits/create-limiter.ts'
import { createMemoryCounters } from '../admission/limits/memory-counters.ts'
import type { CallEntry } from '../base/call-entry.ts'
import { MeepoError } from '../base/errors.ts'
import type { CallAccount, CallGrant, CallIntent } from '../model/account.ts'
import { noRetry } from '../run/retry.ts'
import { directRun } from '../testing/direct-context.ts'
import { createTestMachine } from '../testing/test-machine.ts'
import { createToolBench, type ToolBench } from '../testing/tool-bench.ts'
import { createToolExecutor } from './executor.ts'
import { runTools } from './run-tools.ts'
import { defineTool, type Tool } from './tool.ts'

async function ask(bench: ToolBench, tool: Tool, args: object = {}): Promise<unknown> {
  const { results } = await bench.run([tool], [{ name: tool.name, arguments: { ...args } }])
  const { result, isError } = results[0]!
  return isError ? (result as { error: { code: string } }).error.code : result
}

const begun = (bench: ToolBench): number => bench.trace.filter((line) => line.endsWith('+')).length

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
  const read = bench.tool('read', { cacheMs: 1_000, cacheTags: ({ value }) => [`item:${String(value)}`] })
  const write = bench.tool('write', { effect: 'idempotent', invalidates: ({ value }) => [`item:${String(value)}`] })
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

test('a breaker opens after failures in a row, tries again, and closes when that ends well', async () => {
  const bench = createToolBench()
  const tool = bench.tool('a', { breaker: { failures: 2, openMs: 100 } })
  const tell = (args: object): Promise<unknown> => ask(bench, tool, args)
  expect(await tell({ fails: 'x' })).toBe('tool.failed')
  expect(await tell({})).toBe(null)
  expect(await tell({ fails: 'x' })).toBe('tool.failed')
  expect(await tell({ fails: 'x' })).toBe('tool.failed')
  expect(await tell({})).toBe('tool.breaker_open')
  expect(bench.runtime.inspect().openBreakers).toEqual(['default/a'])
  await bench.machine.scheduler.advance(100)
  const probes = [
    { name: 'a', arguments: { ms: 5, fails: 'still' } },
    { name: 'a', arguments: { ms: 5 } },
  ]
  const { results } = await bench.run([tool], probes)
  expect(results[1]).toMatchObject({ result: { error: { code: 'tool.breaker_open' } } })
  await bench.machine.scheduler.advance(95)
  expect(await tell({})).toBe('tool.breaker_open')
  await bench.machine.scheduler.advance(5)
  expect(await tell({})).toBe(null)
  expect(bench.runtime.inspect().openBreakers).toEqual([])
})

test('an open breaker leads to the fallback at once', async () => {
  const bench = createToolBench()
  const tool = bench.tool('a', { breaker: { failures: 1 }, fallback: bench.tool('b') })
  await bench.run([tool], [{ name: 'a', arguments: { fails: 'x' } }])
  const { results } = await bench.run([tool], [{ name: 'a', arguments: { value: 1 } }])
  expect(results).toMatchObject([{ result: 1 }])
  expect(bench.trace).toEqual(['a+', 'a-', 'b+', 'b-', 'b+', 'b-'])
})

test('calls that tell nothing about the tool do not open its breaker', async () => {
  const bench = createToolBench()
  for (const error of [
    new MeepoError('input.invalid', 'no such customer'),
    new MeepoError('tool.invalid_arguments', 'no'),
    new MeepoError('limit.exceeded', 'later', { notSent: true, retryable: false }),
  ]) {
    const tool = defineTool({
      name: 'a',
      description: '',
      effect: 'read',
      input: z.object({}),
      breaker: { failures: 1 },
      retry: noRetry,
      run: () => Promise.reject(error),
    })
    for (let time = 0; time < 2; time++) expect(await ask(bench, tool)).toBe(error.code)
  }
})

test('an aborted probe leaves the breaker as it was', async () => {
  const bench = createToolBench()
  const tool = bench.tool('a', { breaker: { failures: 1, openMs: 10 } })
  await ask(bench, tool, { fails: 'x' })
  await bench.machine.scheduler.advance(10)
  const abort = new AbortController()
  bench.machine.scheduler.after(5, () => abort.abort(new Error('enough')))
  const probe = bench.run([tool], [{ name: 'a', arguments: { ms: 50 } }], { signal: abort.signal })
  await expect(probe).rejects.toThrow('enough')
  expect(await ask(bench, tool)).toBe(null)
})

test('slots of a tool and pools are shared by all runs of a process, the highest priority first', async () => {
  const bench = createToolBench({ pools: { gpu: 2 } })
  const one = bench.tool('one', { concurrency: 1 })
  const two = bench.tool('two', { pools: { gpu: 2 } })
  const { scheduler, random } = bench.machine
  const executor = createToolExecutor({ scheduler, random, runtime: bench.runtime, tools: [one, two] })
  const runs = [1, 2, 3].map((value) =>
    executor.run(['one', 'two'].map((name) => ({ name, arguments: { ms: 10, value } }))),
  )
  const ended = await scheduler.until(Promise.all(runs))
  expect(bench.most.get('one')).toBe(1)
  expect(bench.most.get('two')).toBe(1)
  expect(ended.at(-1)?.report.wallMs).toBe(30)
})

test('a pool that is declared nowhere, and one that is too small, are told so', async () => {
  const bench = createToolBench({ pools: { gpu: 2 } })
  expect(await ask(bench, bench.tool('a', { pools: { cpu: 1 } }))).toBe('tool.impossible')
  expect(await ask(bench, bench.tool('a', { pools: { gpu: 3 } }))).toBe('tool.impossible')
  // What the turn hands out is not asked of the process.
  const tool = bench.tool('a', { pools: { cpu: 1, gpu: 1 } })
  const { results } = await bench.run([tool], [{ name: 'a', arguments: { value: 1 } }], { pools: { cpu: 1 } })
  expect(results).toMatchObject([{ result: 1 }])
})

test('a call that waits for room leaves the queue when it is aborted, or too late', async () => {
  const bench = createToolBench()
  const waits: (string | undefined)[] = []
  const { scheduler, random } = bench.machine
  const account: CallAccount = { ...accountOf(granted, []), waiting: (what) => void waits.push(what) }
  const tool = bench.tool('a', { concurrency: 1, timeoutMs: 10_000_000, retry: noRetry })
  const executor = createToolExecutor({ scheduler, random, runtime: bench.runtime, tools: [tool], account })
  const long = executor.call('a', { ms: 700_000 })
  await scheduler.settle()
  const abort = new AbortController()
  const aborted = executor.call('a', {}, { signal: abort.signal })
  aborted.catch(() => undefined)
  const late = executor.call('a', {})
  late.catch(() => undefined)
  await scheduler.settle()
  abort.abort(new Error('enough'))
  await expect(scheduler.until(aborted)).rejects.toThrow('enough')
  await expect(scheduler.until(late)).rejects.toThrow('no room for a within 600000 ms')
  expect(await scheduler.until(long)).toBe(null)
  expect(waits).toEqual(['room for a', 'room for a', undefined, undefined])
  expect(await ask(bench, tool)).toBe(null)
})

test('timeouts count from when a call has room', async () => {
  const bench = createToolBench()
  const tool = bench.tool('a', { concurrency: 1, timeoutMs: 15, retry: noRetry })
  const calls = [10, 11, 20].map((ms) => ({ name: 'a', arguments: { ms } }))
  const { results, report } = await bench.run([tool], calls)
  expect(results.map(({ isError }) => isError)).toEqual([undefined, undefined, true])
  expect(results[2]).toMatchObject({ result: { error: { code: 'step.timeout', message: 'a ran longer than 15 ms' } } })
  expect(report.wallMs).toBe(36)
})

test('a tool that shows no life is stopped; heartbeats and text are life', async () => {
  const machine = createTestMachine()
  const { scheduler } = machine
  const shown: string[] = []
  const bench = createToolBench({ machine, onText: (_id, delta) => void shown.push(delta) })
  const live = (name: string, beat: (call: { heartbeat(): void; preview?: (text: string) => void }) => void): Tool =>
    defineTool({
      name,
      description: '',
      effect: 'read',
      input: z.object({}),
      idleTimeoutMs: 10,
      retry: noRetry,
      run: async (_args, call) => {
        for (let time = 0; time < 5; time++) {
          await new Promise<void>((resolve) => scheduler.after(8, resolve))
          beat(call)
        }
        call.signal.throwIfAborted()
        return name
      },
    })
  expect(
    await ask(
      bench,
      live('beats', (call) => call.heartbeat()),
    ),
  ).toBe('beats')
  expect(
    await ask(
      bench,
      live('talks', (call) => call.preview?.('.')),
    ),
  ).toBe('talks')
  expect(shown.join('')).toBe('.....')
  expect(
    await ask(
      bench,
      live('dead', () => undefined),
    ),
  ).toBe('tool.idle')
  const unseen = live('unseen', (call) => call.preview?.('.'))
  const quiet = createToolExecutor({ scheduler, random: machine.random, tools: [unseen] })
  expect(await scheduler.until(quiet.call('unseen', {}))).toBe('unseen')
})

test('a body that does not stop is given up, and its room is free again', async () => {
  const bench = createToolBench()
  const { scheduler } = bench.machine
  const deaf = defineTool({
    name: 'deaf',
    description: '',
    effect: 'read',
    input: z.object({}),
    timeoutMs: 10,
    concurrency: 1,
    retry: noRetry,
    run: () => new Promise<void>((resolve) => scheduler.after(60_000, resolve)),
  })
  expect(await ask(bench, deaf)).toBe('step.timeout')
  expect(scheduler.elapsed()).toBe(5_010)
  expect(await ask(bench, { ...deaf, timeoutMs: 70_000 } as Tool)).toBe(null)
})

test('every call passes the limits of its tool, and returns its permit', async () => {
  const machine = createTestMachine()
  const { scheduler, random } = machine
  const limiter = createLimiter({
    limits: [
      { name: 'search', scope: 'tool', value: 'search', counts: 'requests', amount: 60, per: 'minute', burst: 1 },
    ],
    counters: createMemoryCounters({ scheduler }),
    scheduler,
    random,
  })
  const bench = createToolBench({ machine, limiter })
  const calls = ['search', 'search', 'free', 'free'].map((name, value) => ({ name, arguments: { value } }))
  const { report } = await bench.run([bench.tool('search'), bench.tool('free')], calls)
  expect(report.wallMs).toBeGreaterThanOrEqual(1_000)
  expect(report.wallMs).toBeLessThan(1_100)
})

test('a limiter hears whose call it is, and what became of it', async () => {
  const told: string[] = []
  const asked: LimitedCall[] = []
  const limiter: Limiter = {
    acquire: async (call) => {
      asked.push(call)
      if (asked.length === 3) throw new MeepoError('limit.queue_full', 'full', { notSent: true, retryable: false })
      const permit = { id: call.id, waitedMs: 0, learn: () => undefined }
      return { ...permit, settle: () => void told.push('settled'), release: () => void told.push('released') }
    },
    inspect: () => Promise.reject(new Error('not asked')),
    close: async () => undefined,
  }
  const { runtime, tool } = createToolBench({ limiter })
  const plain = directRun({ tools: runtime })
  const call = { id: 'x', name: 'a', arguments: { value: 1 } }
  expect((await runTools(plain.ctx, [tool('a')], [call])).results).toMatchObject([{ result: 1 }])
  await runTools(plain.ctx, [tool('a', { pools: { none: 1 } })], [call])
  expect(told).toEqual(['settled', 'released'])
  expect((await runTools(plain.ctx, [tool('a')], [call])).results).toMatchObject([
    { result: { error: { code: 'limit.queue_full' } } },
  ])
  expect(asked[0]).toMatchObject({ tenant: 'default', priority: 'normal', scopes: { tool: 'a', session: 's1' } })
  for (const [priority, word] of [
    [5, 'high'],
    [-5, 'low'],
  ] as const) {
    const context = { priority, deadlineAt: 99, actor: 'bob' }
    await runTools(directRun({ tools: runtime, call: context }).ctx, [tool('a')], [call])
    expect(asked.at(-1)).toMatchObject({ priority: word, deadlineAt: 99, scopes: { user: 'bob' } })
  }
})

const granted = (intent: CallIntent): CallGrant => ({ kind: 'granted', picoDollars: intent.picoDollars })

function accountOf(open: (intent: CallIntent) => CallGrant, settled: CallEntry[]): CallAccount {
  return {
    tenant: 'default',
    scopes: [],
    open: async (intent) => open(intent),
    settle: (_id, entry) => void settled.push(entry),
    waiting: () => undefined,
  }
}

test('the price of a call is set aside before it, and booked after it', async () => {
  const settled: CallEntry[] = []
  const asked: CallIntent[] = []
  const account = accountOf((intent) => {
    asked.push(intent)
    return granted(intent)
  }, settled)
  const unsent = new MeepoError('tool.failed', 'no line', { notSent: true })
  const never = defineTool({
    name: 'never',
    description: '',
    effect: 'read',
    input: z.object({}),
    price: 1,
    run: () => Promise.reject(unsent),
  })
  const bench = createToolBench({ account })
  await ask(bench, bench.tool('a', { price: '0.5' }))
  await ask(bench, bench.tool('a', { price: '0.5', retry: noRetry }), { fails: 'late' })
  await ask(bench, never)
  expect(asked.map(({ target, picoDollars, atLeast }) => [target, picoDollars, atLeast])).toEqual([
    ['tool:a', 500_000_000_000n, 500_000_000_000n],
    ['tool:a', 500_000_000_000n, 500_000_000_000n],
    ['tool:never', 1_000_000_000_000n, 1_000_000_000_000n],
  ])
  expect(settled).toMatchObject([
    { outcome: 'ok', cost: { status: 'settled', picoDollars: '500000000000' } },
    { outcome: 'failed', cost: { status: 'estimated', picoDollars: '500000000000' }, error: { message: 'late' } },
    { outcome: 'not_sent', cost: { status: 'zero', picoDollars: '0' } },
  ])
})

test('a call that a budget refuses is not made', async () => {
  const settled: CallEntry[] = []
  const refusal = { kind: 'refused', budget: 'month', scope: 'tenant:default', limit: '1', left: '0' } as const
  const bench = createToolBench({ account: accountOf(() => refusal, settled) })
  expect(await ask(bench, bench.tool('a', { price: 1 }))).toBe('budget.exceeded')
  expect(begun(bench)).toBe(0)
  expect(settled).toMatchObject([{ outcome: 'refused', cost: { status: 'zero' } }])
})
