import { expect, test } from 'vitest'
import { z } from 'zod'
import { createLimiter } from '../admission/limits/create-limiter.ts'
import type { LimitedCall, Limiter } from '../admission/limits/limiter.ts'
import { createMemoryCounters } from '../admission/limits/memory-counters.ts'
import { MeepoError } from '../base/errors.ts'
import type { CallAccount } from '../model/account.ts'
import { noRetry } from '../run/retry.ts'
import { directRun } from '../testing/direct-context.ts'
import { createTestMachine } from '../testing/test-machine.ts'
import { accountOf, ask, granted } from '../testing/tool-asks.ts'
import { createToolBench } from '../testing/tool-bench.ts'
import { createToolExecutor } from './executor.ts'
import { runTools } from './run-tools.ts'
import { defineTool, type Tool } from './tool.ts'

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
  expect(asked[0]).toMatchObject({ tenant: 'default', priority: 'normal', scopes: { tool: 'a' } })
  for (const [priority, word] of [
    [5, 'high'],
    [-5, 'low'],
  ] as const) {
    const context = { priority, deadlineAt: 99 }
    await runTools(directRun({ tools: runtime, call: context }).ctx, [tool('a')], [call])
    expect(asked.at(-1)).toMatchObject({ priority: word, deadlineAt: 99 })
  }
})
